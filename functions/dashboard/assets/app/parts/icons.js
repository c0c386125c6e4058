// Icons as single-stroke SVG elements.
import { html } from '../dom.js';

const PATHS = {
  close: 'M4 4l8 8M12 4l-8 8',
  down: 'M4 6l4 4 4-4',
  left: 'M10 3L5 8l5 5',
  right: 'M6 3l5 5-5 5',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3',
  search: 'M11 11l3 3M12 7A5 5 0 1 1 2 7a5 5 0 0 1 10 0z',
  clock: 'M8 4.5V8l2.5 1.5M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z',
  columns: 'M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10',
  save: 'M4 2.5h8v11L8 10.5l-4 3z',
  download: 'M8 2v8M4.5 7L8 10.5 11.5 7M3 13.5h10',
  theme: 'M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12',
  help: 'M6 6a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1V9.5M8 11.8v.2',
  facets: 'M2 4h12M4.5 8h7M6.5 12h3',
  copy: 'M6 6h7.5v7.5H6zM3.5 10H2.5V2.5H10v1',
  link: 'M6.5 9.5l3-3M7 5l1.5-1.5a2.5 2.5 0 0 1 4 4L11 9M9 11l-1.5 1.5a2.5 2.5 0 0 1-4-4L5 7',
  key: 'M9.5 6.5a3 3 0 1 1-3-3 3 3 0 0 1 3 3zM8.7 8.7L13.5 13.5M11.5 11.5l1.3-1.3',
};

export const Icon = ({ name }) => html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
