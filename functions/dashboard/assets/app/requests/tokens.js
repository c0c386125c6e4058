// Tokens and cost of an AI call, with the arithmetic from /query/costs: each kind of token, its price, the sum.
import { html } from '../dom.js';
import { useAnswer } from '../api/use_answer.js';
import { cost } from '../api/query.js';
import { Answer } from '../parts/notice.js';
import { exactMoney, money, whole } from '../format/number.js';
import { visible } from '../format/value.js';
import { t } from '../texts/index.js';

const nothing = Promise.resolve(undefined);

const kindName = (kind) => ({
  input: t('input'), cached: t('from the cache'), cache_write: t('into the cache'),
  output: t('output'), reasoning: t('reasoning'), undivided: t('input and output'),
}[kind] ?? kind);

const reasonText = (data, model) => ({
  no_tokens: t('The provider reported no usage, so there are no token counts and no cost.'),
  unpriced: t('The price table had no price for {model} when the call was stored.', { model: visible(model) }),
  unknown_price: t('The price table no longer has the price {id}, so the sum cannot be shown.', { id: visible(data.price_id) }),
  changed_price: t('The price {id} has changed since the call was stored. At today’s price the call costs {sum}.', { id: visible(data.price_id), sum: money(data.sum_nano, data.currency) }),
}[data.reason]);

export function TokensAndCost({ log }) {
  const answer = useAnswer((signal) => (log.model ? cost(log.record_id, signal) : nothing), ['cost', log.record_id, log.model]);
  if (!log.model) return null;
  return html`<section class="part"><h3>${t('Tokens and cost')}</h3>
    <${Answer} answer=${answer}>${(data) => html`<${Arithmetic} log=${log} data=${data} />`}<//>
    ${log.usage_source === 'partial' && html`<p class="hint warn">${t('The response ended before its usage arrived: the counts are incomplete.')}</p>`}
  </section>`;
}

function Arithmetic({ log, data }) {
  const { agrees, charges, currency } = data;
  const times = data.factor ? ` × ${data.factor}` : '';
  return html`${charges.length > 0 && html`<div class="scroll-x"><table class="arithmetic"><tbody>
      ${charges.map(({ kind, tokens, price, amount }) => html`<tr key=${kind}><th scope="row">${kindName(kind)}</th><td class="numeric">${whole(tokens)}</td>
        <td class="numeric quiet">${agrees ? `× ${price} / M${times}` : ''}</td><td class="numeric">${agrees ? exactMoney(amount, currency) : ''}</td></tr>`)}
      <tr class="total"><th scope="row">${t('total')}</th><td class="numeric">${whole(log.total_tokens)}</td><td></td>
        <td class="numeric">${data.cost_nano === null ? t('no price') : exactMoney(data.cost_nano / 1e9, currency)}</td></tr>
    </tbody></table></div>`}
    ${agrees && html`<p class="hint">${conditions(data)}</p>`}
    ${!agrees && html`<p class="hint warn">${reasonText(data, log.model)}</p>`}`;
}

// Where the prices come from and when they apply.
const conditions = ({ price_id: id, line, service_tier: tier, above_input_tokens: above, factor }) => [
  t('Price {id}', { id: visible(id) }),
  line.provider && t('of the provider {name}', { name: visible(line.provider) }),
  line.from && t('valid from {day}', { day: line.from }),
  above && t('for more than {n} input tokens', { n: whole(above) }),
  tier && (factor ? t('service tier {name}: × {factor}', { name: visible(tier), factor }) : t('service tier {name}', { name: visible(tier) })),
].filter(Boolean).join(t(', '));
