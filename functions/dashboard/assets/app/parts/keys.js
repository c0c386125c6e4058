// Keyboard shortcuts. A view registers its keys; they are ignored while the user types or another element handles them.
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
  // Registers keys until the returned function is called. The latest registration wins.
  use(handlers) {
    taken.push(handlers);
    return () => taken.splice(taken.indexOf(handlers), 1);
  },
};
