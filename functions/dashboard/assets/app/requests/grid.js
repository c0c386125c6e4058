// The table of requests. Only visible rows are in the document.
import { html, useEffect, useLayoutEffect, useRef, useState } from '../dom.js';
import { isNumeric } from '../fields.js';
import { fieldValue, statusClass } from '../format/value.js';
import { t, fieldLabel } from '../texts/index.js';

export const ROW = 30;
const MARGIN = 12;
const WIDTH = { start_time: 106, method: 76, response_code: 64, duration: 76, total_tokens: 72, route_name: 104, service: 112, consumer: 104, path: 220, record_id: 290, authority: 160, user_agent: 220, model: 132 };
const widthOf = (name) => WIDTH[name] ?? (isNumeric(name) ? 92 : 130);

export function Grid({ columns, count, rowAt, want, active, onActive, onOpen, openId, added, total, currency }) {
  const root = useRef();
  const [seen, setSeen] = useState({ first: 0, last: 40 });
  const look = () => {
    if (!root.current) return;
    const { scrollTop, clientHeight } = root.current;
    const first = Math.max(0, Math.floor(scrollTop / ROW) - MARGIN);
    const last = Math.floor((scrollTop + clientHeight) / ROW) + MARGIN;
    if (first !== seen.first || last !== seen.last) setSeen({ first, last });
  };
  useLayoutEffect(look);
  useEffect(() => want(seen.first, seen.last));
  useEffect(() => {
    const watch = new ResizeObserver(look);
    watch.observe(root.current);
    return () => watch.disconnect();
  }, []);
  // Rows added at the top do not move what the user is looking at.
  useLayoutEffect(() => {
    if (added.rows && root.current.scrollTop > ROW) root.current.scrollTop += added.rows * ROW;
  }, [added.count]);
  useEffect(() => {
    if (active < 0) return;
    const { scrollTop, clientHeight } = root.current;
    const top = active * ROW;
    if (top < scrollTop) root.current.scrollTop = top;
    else if (top + 2 * ROW > scrollTop + clientHeight) root.current.scrollTop = top + 2 * ROW - clientHeight;
  }, [active]);
  const template = { gridTemplateColumns: columns.map((name, index) => (name === 'path' ? `minmax(${widthOf(name)}px, 1fr)` : index === columns.length - 1 && !columns.includes('path') ? `minmax(${widthOf(name)}px, 1fr)` : `${widthOf(name)}px`)).join(' ') };
  const width = { minWidth: `${columns.reduce((sum, name) => sum + widthOf(name), 0)}px` };
  const rows = [];
  for (let index = seen.first; index < Math.min(count, seen.last); index += 1) {
    rows.push(html`<${Row} key=${index} index=${index} row=${rowAt(index)} columns=${columns} template=${template} currency=${currency}
      isActive=${index === active} openId=${openId} onActive=${onActive} onOpen=${onOpen} />`);
  }
  return html`<div class="grid" ref=${root} onScroll=${look} tabindex="0" role="grid" aria-label=${t('Requests')} aria-rowcount=${total} aria-colcount=${columns.length}>
    <div class="grid-inner" style=${width} role="presentation">
      <div class="grid-head" role="row" style=${template}>
        ${columns.map((name) => html`<span key=${name} role="columnheader" class=${isNumeric(name) ? 'numeric' : ''} title=${name}>${fieldLabel(name)}</span>`)}
      </div>
      <div class="grid-body" role="rowgroup" style=${{ height: `${count * ROW}px` }}>
        <div class="grid-rows" role="presentation" style=${{ transform: `translateY(${seen.first * ROW}px)` }}>${rows}</div>
      </div>
    </div>
  </div>`;
}

function Row({ index, row, columns, template, isActive, openId, onActive, onOpen, currency }) {
  if (!row) return html`<div class="row unknown" role="row" aria-rowindex=${index + 2}><span role="gridcell">…</span></div>`;
  const kind = statusClass(row.response_code);
  const open = row.record_id === openId;
  return html`<div class=${`row ${isActive ? 'active' : ''} ${open ? 'open' : ''}`} role="row" aria-rowindex=${index + 2} aria-selected=${open}
    style=${template} data-id=${row.record_id} onClick=${() => { onActive(index); onOpen(row); }}>
    ${columns.map((name) => {
      const text = fieldValue(name, row[name], { currency });
      const content = name === 'response_code' ? html`<span class=${`status s-${kind}`}>${row.response_code || '–'}</span>` : text;
      return html`<span key=${name} role="gridcell" class=${`${isNumeric(name) ? 'numeric' : ''} ${name === 'path' || name === 'start_time' ? 'mono' : ''}`}
        dir=${name === 'path' ? 'ltr' : 'auto'} title=${text.length > 12 ? text.slice(0, 2000) : undefined}>${content}</span>`;
    })}
  </div>`;
}
