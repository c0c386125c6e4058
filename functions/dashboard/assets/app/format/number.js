// Numbers for people: grouped digits, three significant digits for measures, and a unit.
import { language } from '../state/preferences.js';

const cache = new Map();
function formatter(options) {
  const key = language.value.get() + JSON.stringify(options);
  if (!cache.has(key)) cache.set(key, new Intl.NumberFormat(language.value.get() === 'zh' ? 'zh-CN' : 'en-US', options));
  return cache.get(key);
}
const isNone = (value) => value === null || value === undefined || Number.isNaN(value);
const NONE = '–';

export const whole = (value) => (isNone(value) ? NONE : formatter({ maximumFractionDigits: 0 }).format(value));

export function short(value) {
  if (isNone(value)) return NONE;
  if (Math.abs(value) < 10000) return formatter({ maximumFractionDigits: Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0 }).format(value);
  const [size, unit] = Math.abs(value) < 1e6 ? [1e3, 'k'] : Math.abs(value) < 1e9 ? [1e6, 'M'] : [1e9, 'G'];
  return formatter({ maximumSignificantDigits: 3 }).format(value / size) + unit;
}

export function milliseconds(value) {
  if (isNone(value)) return NONE;
  if (value < 1000) return `${formatter({ maximumFractionDigits: value < 10 && value % 1 ? 1 : 0 }).format(value)} ms`;
  if (value < 60000) return `${formatter({ maximumSignificantDigits: 3 }).format(value / 1000)} s`;
  const seconds = Math.round(value / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

export function bytes(value) {
  if (isNone(value)) return NONE;
  const power = Math.min(4, Math.floor(Math.log10(Math.max(1, Math.abs(value))) / 3));
  return `${formatter({ maximumSignificantDigits: 3 }).format(value / 1000 ** power)} ${['B', 'kB', 'MB', 'GB', 'TB'][power]}`;
}

export const percent = (value) =>
  isNone(value) || !Number.isFinite(value) ? NONE : `${formatter({ maximumFractionDigits: value && value < 0.1 ? 2 : 1 }).format(value * 100)}%`;

// Money, from billionths of a currency. Small amounts keep three significant digits.
export function money(nano, currency = 'USD') {
  if (isNone(nano)) return NONE;
  const value = nano / 1e9;
  const digits = Math.abs(value) >= 1 || value === 0 ? 2 : Math.min(9, 2 - Math.floor(Math.log10(Math.abs(value))));
  try {
    return formatter({ style: 'currency', currency, minimumFractionDigits: 2, maximumFractionDigits: Math.max(2, digits) }).format(value);
  } catch {
    return `${formatter({ maximumFractionDigits: digits }).format(value)} ${currency}`;
  }
}

// Money with every digit, so that a sum can be checked.
export const exactMoney = (value, currency) =>
  formatter({ style: 'currency', currency, minimumFractionDigits: 2, maximumFractionDigits: 15 }).format(value);

// The sum of the values that are present; null when none is.
export const add = (values) => {
  const present = values.filter((value) => !isNone(value));
  return present.length ? present.reduce((sum, value) => sum + value, 0) : null;
};
export const ratio = (part, all) => (all ? (part ?? 0) / all : null);
