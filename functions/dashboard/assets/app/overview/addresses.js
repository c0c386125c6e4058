// The clients' addresses. A record has address and port, so the most active connections are added up by address.
import { html, useMemo } from '../dom.js';
import { useAnswer } from '../api/use_answer.js';
import { top } from '../api/query.js';
import { setView } from '../state/view.js';
import { toggleFilter } from '../state/filters.js';
import { Answer } from '../parts/notice.js';
import { ErrorRate } from '../parts/card.js';
import { DataTable } from '../parts/data_table.js';
import { bytes, short, whole } from '../format/number.js';
import { t, fieldLabel } from '../texts/index.js';

const FIELD = 'downstream_remote_address';
const CONNECTIONS = 100;
const SHOWN = 10;
const SUMMED = ['count', 'errors', 'bytes_sent'];

function byAddress(rows) {
  const sums = new Map();
  for (const { key, values } of rows) {
    const address = key === null ? null : key.replace(/:\d+$/, '');
    const sum = sums.get(address) ?? { count: 0, errors: 0, bytes_sent: 0 };
    SUMMED.forEach((name) => { sum[name] += values[name] ?? 0; });
    sums.set(address, sum);
  }
  return [...sums].map(([key, values]) => ({ key, values })).sort((a, b) => b.values.count - a.values.count).slice(0, SHOWN);
}

export function Addresses({ scope, filters }) {
  const answer = useAnswer((signal) => top(scope, FIELD, { measures: SUMMED, limit: CONNECTIONS }, signal), ['addresses', scope]);
  return html`<${Answer} answer=${answer}>${(data) => html`<${Table} rows=${data.rows} filters=${filters} />`}<//>`;
}

function Table({ rows, filters }) {
  const sums = useMemo(() => byAddress(rows), [rows]);
  const columns = [
    { title: t('requests'), value: (row) => short(row.values.count) },
    { title: t('errors'), value: (row) => html`<${ErrorRate} values=${row.values} />` },
    { title: t('sent'), value: (row) => bytes(row.values.bytes_sent) },
  ];
  const open = (row) => setView({ tab: 'requests', filters: toggleFilter(filters, { field: FIELD, op: '^', value: `${row.key}:` }) });
  return html`<${DataTable} title=${t('Client addresses')} rows=${sums} nameTitle=${fieldLabel(FIELD)} name=${(row) => row.key} share=${(row) => row.values.count}
    columns=${columns} onOpen=${open} note=${rows.length === CONNECTIONS ? t('Of the {n} most active connections.', { n: whole(CONNECTIONS) }) : ''} />`;
}
