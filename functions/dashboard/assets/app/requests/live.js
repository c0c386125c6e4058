// Live: records as they arrive, by long polls of /query/tail. The newest are kept, up to a bound.
import { useEffect, useRef, useState } from '../dom.js';
import { tail } from '../api/query.js';

// The most rows that are kept.
export const MOST = 2000;
const WAIT_SECONDS = 10;
// After a failure, and between two responses, so that a busy gateway does not keep the page busy.
const PAUSE_MS = { failure: 2000, answer: 250 };

const pause = (ms, signal) =>
  new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', () => { clearTimeout(timer); done(); });
  });

// Returns { rows: newest first, count: of all that arrived, error, since }; empty while it is off.
export function useLive(on, filters, fields, key) {
  const [state, setState] = useState({ rows: [], count: 0 });
  const cursor = useRef('');
  useEffect(() => {
    setState({ rows: [], count: 0 });
    cursor.current = '';
    if (!on) return undefined;
    const abort = new AbortController();
    const run = async () => {
      while (!abort.signal.aborted) {
        try {
          const answer = await tail(filters, fields, cursor.current, WAIT_SECONDS, abort.signal);
          if (abort.signal.aborted) return;
          const began = !cursor.current;
          cursor.current = answer.next || cursor.current;
          const fresh = (answer.logs ?? []).slice().reverse();
          setState((last) => ({
            rows: [...fresh, ...last.rows].slice(0, MOST),
            count: last.count + fresh.length,
            added: fresh.length,
            since: last.since ?? Date.now(),
            error: undefined,
          }));
          if (!began) await pause(PAUSE_MS.answer, abort.signal);
        } catch (error) {
          if (abort.signal.aborted) return;
          setState((last) => ({ ...last, added: 0, error }));
          if (error.status === 401 || error.status === 403) return;
          await pause(PAUSE_MS.failure, abort.signal);
        }
      }
    };
    run();
    return () => abort.abort();
  }, [on, key, fields.join()]);
  return state;
}
