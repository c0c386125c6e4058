// The token for /query: in this tab's session storage, and in a header of requests. A link may bring it in its fragment,
// which browsers send to nobody; it is taken out of the address at once.
import { signal } from '../signal.js';

const KEY = 'gatelog.token';
const read = () => {
  try {
    return sessionStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
};

export const token = signal(read());
// Why a token is asked for: '' (it is not), 'missing', 'wrong'.
export const wanted = signal('');

export function setToken(value) {
  try {
    if (value) sessionStorage.setItem(KEY, value);
    else sessionStorage.removeItem(KEY);
  } catch {
    // Kept for this page only.
  }
  wanted.set('');
  token.set(value);
}

// A header holds no blanks around its value, no line ends and nothing beyond Latin-1.
export const isPossible = (value) => /^[\x21-\x7e\xa0-\xff]([\x20-\x7e\xa0-\xff]*[\x21-\x7e\xa0-\xff])?$/.test(value);

export function takeFromFragment() {
  // A plus is itself here, as tokens in Base64 have it.
  const parameters = new URLSearchParams(location.hash.slice(1).replaceAll('+', '%2B'));
  if (!parameters.has('token')) return;
  history.replaceState(null, '', location.pathname + location.search);
  const value = parameters.get('token').trim();
  if (isPossible(value)) setToken(value);
}
takeFromFragment();
addEventListener('hashchange', takeFromFragment);
