// Time ranges as in the URL: `now`, `now-15m`, `now/d` (the start of the day), `now-1d/d`, or RFC 3339.

export const PRESETS = [
  ['now-5m', 'now', '5 minutes'],
  ['now-15m', 'now', '15 minutes'],
  ['now-1h', 'now', '1 hour'],
  ['now-6h', 'now', '6 hours'],
  ['now-24h', 'now', '24 hours'],
  ['now-7d', 'now', '7 days'],
  ['now-30d', 'now', '30 days'],
  ['now/d', 'now', 'Today'],
  ['now-1d/d', 'now/d', 'Yesterday'],
];

const UNIT_MS = { s: 1e3, m: 6e4, h: 36e5, d: 864e5 };
const RELATIVE = /^now(?:-(\d{1,5})([smhd]))?(\/d)?$/;

// A time in milliseconds since 1970, or NaN when it is not a time.
export function readTime(text, now, utc) {
  const relative = RELATIVE.exec(text);
  if (!relative) return /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  const [, count, unit, day] = relative;
  const time = now - (count ? Number(count) * UNIT_MS[unit] : 0);
  if (!day) return time;
  const date = new Date(time);
  return utc ? date.setUTCHours(0, 0, 0, 0) : date.setHours(0, 0, 0, 0);
}

// The range in milliseconds; the last hour when it is invalid.
export function readRange(from, to, now, utc) {
  const start = readTime(from, now, utc);
  const end = readTime(to, now, utc);
  return start < end ? { start, end } : { start: now - 36e5, end: now };
}

export const isValidTime = (text) => !Number.isNaN(readTime(text, 0, true));
export const followsNow = (to) => to === 'now';
export const iso = (ms) => new Date(ms).toISOString();

// The name of a preset, or undefined for another range.
export const presetName = (from, to) => PRESETS.find((preset) => preset[0] === from && preset[1] === to)?.[2];

// The range of the same length before (-1) or after (1), as absolute times.
export function shifted({ start, end }, direction) {
  const length = end - start;
  return { from: iso(start + direction * length), to: iso(end + direction * length) };
}
