// Sessions: the calls of one conversation or agent run together.
import { html } from '../dom.js';
import { useAnswer } from '../api/use_answer.js';
import { sessionField, sessions } from '../api/query.js';
import { setView } from '../state/view.js';
import { iso } from '../state/time_range.js';
import { Answer } from '../parts/notice.js';
import { DataTable } from '../parts/data_table.js';
import { milliseconds, money, short, whole } from '../format/number.js';
import { dayAndTime } from '../format/time.js';
import { visible } from '../format/value.js';
import { t } from '../texts/index.js';

async function open(row, scope) {
  const field = await sessionField(scope, row.session_id).catch(() => 'session_id');
  setView({
    tab: 'requests', live: false, filters: [{ field, op: ':', value: row.session_id }],
    from: iso(Date.parse(row.first_seen) - 1000), to: iso(Date.parse(row.last_seen) + 1000),
  });
}

export function Sessions({ scope, currency }) {
  const answer = useAnswer((signal) => sessions(scope, signal), ['sessions', scope]);
  const columns = [
    { title: t('calls'), value: (row) => whole(row.calls) },
    { title: t('errors'), value: (row) => html`<span class=${row.errors ? 'bad' : 'quiet'}>${whole(row.errors)}</span>` },
    { title: t('tokens'), value: (row) => short(row.total_tokens) },
    { title: t('cost'), value: (row) => money(row.cost_nano, currency) },
    { title: t('models'), isText: true, value: (row) => visible((row.models ?? []).join(', ')) },
    { title: t('duration'), value: (row) => milliseconds(row.duration_ms) },
    { title: t('last call'), value: (row) => dayAndTime(Date.parse(row.last_seen)) },
  ];
  return html`<${Answer} answer=${answer}>${(data) => html`<${DataTable} title=${t('Latest sessions')} rows=${data.sessions.map((row) => ({ ...row, key: row.session_id }))}
    nameTitle=${t('session')} name=${(row) => row.session_id} columns=${columns} onOpen=${(row) => open(row, scope)} />`}<//>`;
}
