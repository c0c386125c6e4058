// Times in the zone that the user chose: UTC or the browser's.
import { utc } from '../state/preferences.js';

const two = (number) => String(number).padStart(2, '0');
function parts(ms) {
  const date = new Date(ms);
  const get = (name) => date[(utc.value.get() ? 'getUTC' : 'get') + name]();
  return {
    day: `${get('FullYear')}-${two(get('Month') + 1)}-${two(get('Date'))}`,
    time: `${two(get('Hours'))}:${two(get('Minutes'))}:${two(get('Seconds'))}`,
    fraction: String(get('Milliseconds')).padStart(3, '0'),
  };
}
const isTime = (ms) => Number.isFinite(ms);

export const dayAndTime = (ms) => (isTime(ms) ? `${parts(ms).day} ${parts(ms).time}` : '–');
export const exact = (ms) => (isTime(ms) ? `${parts(ms).day} ${parts(ms).time}.${parts(ms).fraction}` : '–');
export const clock = (ms) => (isTime(ms) ? `${parts(ms).time}.${parts(ms).fraction}` : '–');
export const dayAndMinute = (ms) => (isTime(ms) ? `${parts(ms).day.slice(5)} ${parts(ms).time.slice(0, 5)}` : '–');

// To and from the value of an <input type=datetime-local>.
export const forInput = (ms) => (isTime(ms) ? `${parts(ms).day}T${parts(ms).time}` : '');
export const fromInput = (text) => Date.parse(utc.value.get() ? `${text}Z` : text);

// A range, written as briefly as possible.
export function span(start, end) {
  const [a, b] = [parts(start), parts(end)];
  return `${a.day} ${a.time.slice(0, 5)} – ${a.day === b.day ? '' : `${b.day} `}${b.time.slice(0, 5)}`;
}
// For a chart's axis: the step between two ticks determines how much of the time they need to show.
export function axis(ms, stepMs) {
  const { day, time } = parts(ms);
  if (stepMs >= 864e5) return day.slice(5);
  if (stepMs < 6e4) return time;
  return time === '00:00:00' ? day.slice(5) : time.slice(0, 5);
}
