// The token for /query: kept in this tab's session storage, sent in a header. A link may carry it in its fragment, which
// browsers do not send; the page removes it from the address at once.
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
// Why the page asks for a token: '' (it does not), 'missing', 'wrong'.
export const wanted = signal('');

export function setToken(value) {
  try {
    if (value) sessionStorage.setItem(KEY, value);
    else sessionStorage.removeItem(KEY);
  } catch {
    // Kept only as long as the page.
  }
  wanted.set('');
  token.set(value);
}

// A header value has no spaces around it, no line breaks and nothing beyond Latin-1.
export const isPossible = (value) => /^[\x21-\x7e\xa0-\xff]([\x20-\x7e\xa0-\xff]*[\x21-\x7e\xa0-\xff])?$/.test(value);

export function takeFromFragment() {
  // A plus stays a plus, because tokens in Base64 contain it.
  const parameters = new URLSearchParams(location.hash.slice(1).replaceAll('+', '%2B'));
  if (!parameters.has('token')) return;
  history.replaceState(null, '', location.pathname + location.search);
  const value = parameters.get('token').trim();
  if (isPossible(value)) setToken(value);
}
takeFromFragment();
addEventListener('hashchange', takeFromFragment);
