// A field's value as a cell or a drawer shows it.
import { unitOf } from '../fields.js';
import { bytes, milliseconds, money, whole } from './number.js';
import { clock, exact } from './time.js';

const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

// Text whose invisible characters are seen, so that no value hides a part of itself or turns the text around it.
export const visible = (text) =>
  String(text).replace(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

export function fieldValue(name, value, { long = false, currency } = {}) {
  if (value === null || value === undefined || value === '') return '';
  if (name === 'start_time' || name === 'last_seen') return (long ? exact : clock)(Date.parse(value));
  const unit = unitOf(name);
  if (unit === 'ms' && value !== '-') return milliseconds(Number(value));
  if (unit === 'bytes') return bytes(value);
  if (unit === 'nano') return money(value, currency);
  // The answer has 0 where a record has no count of tokens.
  if (value === 0 && /^(in|out|total_).*tokens$/.test(name)) return '';
  if (typeof value === 'number') return name === 'response_code' || name === 'grpc_status' ? String(value) : whole(value);
  return visible(typeof value === 'object' ? JSON.stringify(value) : value);
}

// The class of a status, which gives it its colour.
export const statusClass = (code) => (code >= 100 && code < 600 ? `${Math.floor(code / 100)}xx` : 'none');
