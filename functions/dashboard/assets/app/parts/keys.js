// Keys. A view says which it takes; while a reader types, or another element takes them, they are not taken.
const taken = [];

const isTyping = (target) => target.matches?.('input, textarea, select, [contenteditable]');

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (isTyping(event.target) && event.key !== 'Escape') return;
  // Enter on a button presses the button.
  if (event.key === 'Enter' && event.target.matches?.('button, a, summary')) return;
  for (const handlers of [...taken].reverse()) {
    const handler = handlers[event.key];
    if (handler) {
      event.preventDefault();
      handler(event);
      return;
    }
  }
});

export const keys = {
  // Takes keys until the function that it returns is called. What came last goes first.
  use(handlers) {
    taken.push(handlers);
    return () => taken.splice(taken.indexOf(handlers), 1);
  },
};
