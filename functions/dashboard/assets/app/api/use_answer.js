// A response that a view shows: requested when its key changes, aborted when the key changes again. The last response stays
// until the next one arrives, so that a view does not flicker.
import { useEffect, useState } from '../dom.js';
import { useSignal } from '../signal.js';
import { token } from './token.js';

export function useAnswer(load, key) {
  const holder = useSignal(token);
  const [state, setState] = useState({ loading: true });
  useEffect(() => {
    const abort = new AbortController();
    setState((last) => ({ ...last, loading: true }));
    load(abort.signal).then(
      (data) => abort.signal.aborted || setState({ data, loading: false }),
      (error) => abort.signal.aborted || setState((last) => ({ data: error.status === 401 ? undefined : last.data, error, loading: false })),
    );
    return () => abort.abort();
  }, [JSON.stringify(key), holder]);
  return state;
}
