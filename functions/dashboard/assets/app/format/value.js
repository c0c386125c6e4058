// A field's value as a cell or a drawer shows it.
import { unitOf } from '../fields.js';
import { bytes, milliseconds, money, whole } from './number.js';
import { clock, exact } from './time.js';

const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

// Text with its invisible characters made visible, so that no value hides part of itself or reverses the text around it.
export const visible = (text) =>
  String(text).replace(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

export function fieldValue(name, value, { long = false, currency } = {}) {
  if (value === null || value === undefined || value === '') return '';
  if (name === 'start_time' || name === 'last_seen') return (long ? exact : clock)(Date.parse(value));
  const unit = unitOf(name);
  if (unit === 'ms' && value !== '-') return milliseconds(Number(value));
  if (unit === 'bytes') return bytes(value);
  if (unit === 'nano') return money(value, currency);
  // The response has 0 where a record has no token count.
  if (value === 0 && /^(in|out|total_).*tokens$/.test(name)) return '';
  if (typeof value === 'number') return name === 'response_code' || name === 'grpc_status' ? String(value) : whole(value);
  return visible(typeof value === 'object' ? JSON.stringify(value) : value);
}

// The status class, which determines the colour.
export const statusClass = (code) => (code >= 100 && code < 600 ? `${Math.floor(code / 100)}xx` : 'none');
