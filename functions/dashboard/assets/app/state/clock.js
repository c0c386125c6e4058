// The moment that `now` means on the page. It is fixed until the page is refreshed, so that all views agree.
import { signal, useSignal } from '../signal.js';
import { useMemo } from '../dom.js';
import { useView } from './view.js';
import { readRange, iso } from './time_range.js';
import { utc } from './preferences.js';

const moment = signal(Date.now());

export const refresh = () => moment.set(Math.max(Date.now(), moment.get() + 1));

// The range of the view, in milliseconds and as parameters of /query.
export function useRange() {
  const now = useSignal(moment);
  const isUtc = useSignal(utc.value);
  const { from, to } = useView();
  return useMemo(() => {
    const range = readRange(from, to, now, isUtc);
    return { ...range, parameters: [['start', iso(range.start)], ['end', iso(range.end)]] };
  }, [from, to, now, isUtc]);
}
