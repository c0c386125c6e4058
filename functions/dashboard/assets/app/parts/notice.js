// What is shown where there is no content: why, and what to do about it.
import { html } from '../dom.js';
import { t } from '../texts/index.js';
import { refresh } from '../state/clock.js';
import { visible } from '../format/value.js';

function advice(error) {
  switch (error.status) {
    case 0: return [t('gatelog is not responding'), t('It is down, or a gateway in between cannot reach it. Try again in a moment.')];
    case 401: return [t('The token is missing or wrong'), t('Enter the query token: the operator set it as query_token.')];
    case 403: return [t('Queries are not allowed yet'), t('The operator must set query_token or query_open for the functions.')];
    case 400: return [t('The query was not understood'), t('Change or remove the filter named here.')];
    case 404: return [t('Not found'), t('The record may have been deleted by retention, or this gatelog may be older than the page.')];
    case 503: return [t('The database is not responding'), t('Try again in a moment; a shorter time range helps.')];
    default: return [t('Something went wrong: {status}', { status: error.status || error.name }), t('The log of the functions says why.')];
  }
}

export function Failure({ error }) {
  const [title, what] = advice(error);
  return html`<div class="notice failure" role="alert">
    <h2>${title}</h2><p>${what}</p>
    ${error.message && html`<p class="said">${visible(error.message)}</p>`}
    <button type="button" class="button" onClick=${refresh}>${t('Try again')}</button>
  </div>`;
}

export const Empty = ({ title, children }) => html`<div class="notice" role="status"><h2>${title}</h2>${children}</div>`;

// The part of a view that depends on a response: the failure, the content, or the wait for it.
export function Answer({ answer, children }) {
  if (answer.error?.status === 401) return html`<p class="waiting">${t('A token is needed.')}</p>`;
  if (answer.error && !answer.data) return html`<${Failure} error=${answer.error} />`;
  if (!answer.data) return html`<div class="waiting" role="status"><span class="spinner"></span>${t('Loading …')}</div>`;
  return html`<div class=${answer.loading ? 'stale' : ''}>
    ${answer.error && html`<${Failure} error=${answer.error} />`}${children(answer.data)}
  </div>`;
}

// Says that a response covers only some of the records.
export const Sampled = ({ data, format }) =>
  data?.sampled ? html`<p class="hint">${t('Only the newest {n} records, since {time}.', { n: format.whole(data.sampled.records), time: format.time(Date.parse(data.sampled.start)) })}</p>` : null;
