// What a reader prefers on this browser: theme, language, zone of times, saved views. Never the token.
import { signal } from '../signal.js';

// A preference that outlives the page. Where storage is forbidden it lasts as long as the page.
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
        // Kept for this page only.
      }
    },
  };
}

const chinese = (navigator.language ?? '').toLowerCase().startsWith('zh');

export const theme = preference('theme', 'auto');
export const language = preference('language', chinese ? 'zh' : 'en');
export const utc = preference('utc', false);
// Name and query string of each.
export const savedViews = preference('views', []);

export function applyTheme(name) {
  const root = document.documentElement;
  if (name === 'auto') root.removeAttribute('data-theme');
  else root.setAttribute('data-theme', name);
}
