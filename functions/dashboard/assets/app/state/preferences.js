// The user's preferences in this browser: theme, language, time zone, saved views. Never the token.
import { signal } from '../signal.js';

// A preference that outlives the page. Without storage it lasts as long as the page.
function preference(name, initial) {
  const key = `gatelog.${name}`;
  let stored = initial;
  try {
    stored = JSON.parse(localStorage.getItem(key)) ?? initial;
  } catch {
    stored = initial;
  }
  const value = signal(stored);
  return {
    value,
    set(next) {
      value.set(next);
      try {
        localStorage.setItem(key, JSON.stringify(next));
      } catch {
        // Kept only as long as the page.
      }
    },
  };
}

const chinese = (navigator.language ?? '').toLowerCase().startsWith('zh');

export const theme = preference('theme', 'auto');
export const language = preference('language', chinese ? 'zh' : 'en');
export const utc = preference('utc', false);
// The name and query string of each view.
export const savedViews = preference('views', []);

export function applyTheme(name) {
  const root = document.documentElement;
  if (name === 'auto') root.removeAttribute('data-theme');
  else root.setAttribute('data-theme', name);
}
