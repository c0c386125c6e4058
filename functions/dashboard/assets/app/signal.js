// A value that views follow: when it is set, every view that uses it is drawn again.
import { useEffect, useState } from './dom.js';

export function signal(value) {
  const followers = new Set();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      followers.forEach((follow) => follow(next));
    },
    follow(follow) {
      followers.add(follow);
      return () => followers.delete(follow);
    },
  };
}

export function useSignal(source) {
  const [, draw] = useState(0);
  useEffect(() => source.follow(() => draw((count) => count + 1)), [source]);
  return source.get();
}
