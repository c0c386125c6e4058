// The rows of the table, page by page, by cursor. Pages far from the visible rows are dropped and requested again when the
// user returns, so that memory stays bounded however far one scrolls.
import { page } from '../api/query.js';

const SIZE = 200;
const MOST_PAGES = 40;
// Browsers cannot draw an element much taller than 17 million pixels.
export const MOST_ROWS = 500000;

export class Pages {
  constructor(scope, fields, changed) {
    Object.assign(this, { scope, fields, changed });
    this.cursors = [''];
    this.pages = new Map();
    this.waiting = new Map();
    this.ended = false;
    this.length = 0;
    this.error = null;
    this.abort = new AbortController();
  }

  // Aborts the requests in flight.
  close() {
    this.abort.abort();
  }

  row(index) {
    return this.pages.get(Math.floor(index / SIZE))?.[index % SIZE];
  }

  // Requests the pages of these rows, and the next page when the last known row is near.
  want(first, last) {
    const wanted = [Math.floor(Math.max(0, first) / SIZE), Math.floor(last / SIZE)];
    if (!this.ended && this.length < MOST_ROWS && last >= this.length - SIZE / 2) wanted.push(this.cursors.length - 1);
    [...new Set(wanted)].forEach((number) => this.load(number));
    for (const number of this.pages.keys()) {
      if (this.pages.size <= MOST_PAGES) break;
      if (Math.abs(number - wanted[0]) > MOST_PAGES / 2) this.pages.delete(number);
    }
  }

  async load(number) {
    const cursor = this.cursors[number];
    if (cursor === undefined || this.pages.has(number) || this.waiting.has(number) || this.error) return;
    this.waiting.set(number, true);
    try {
      const answer = await page(this.scope, this.fields, cursor, SIZE, this.abort.signal);
      this.pages.set(number, answer.logs ?? []);
      if (number === this.cursors.length - 1) {
        this.length = number * SIZE + (answer.logs?.length ?? 0);
        if (answer.next_cursor && answer.logs?.length) this.cursors.push(answer.next_cursor);
        else this.ended = true;
      }
    } catch (error) {
      if (error.name === 'AbortError') return;
      this.error = error;
    } finally {
      this.waiting.delete(number);
    }
    this.changed();
  }
}
