// Tokens and cost of an AI call, with the arithmetic: what was read and written, at which price.
import { html } from '../dom.js';
import { usePrices, priceLines } from '../ai/prices.js';
import { money, whole } from '../format/number.js';
import { visible } from '../format/value.js';
import { t } from '../texts/index.js';

export function TokensAndCost({ log, currency }) {
  const prices = usePrices(Boolean(log.model));
  if (!log.model) return null;
  const has = log.input_tokens || log.output_tokens || log.total_tokens;
  const lines = priceLines(log, prices.data);
  const sum = lines.every((line) => line.nano !== undefined) ? lines.reduce((all, line) => all + line.nano, 0) : undefined;
  const cost = log.cost_nano;
  // Each line is rounded down to a whole nano unit.
  const agrees = sum !== undefined && cost !== undefined && Math.abs(sum - cost) <= lines.length;
  return html`<section class="part"><h3>${t('Tokens and cost')}</h3>
    ${!has ? html`<p class="hint warn">${t('The provider reported no usage, so there is no count and no cost.')}</p>` : html`
      <div class="scroll-x"><table class="arithmetic"><tbody>
        ${lines.map((line) => html`<tr key=${line.name}><th scope="row">${t(line.name)}</th><td class="numeric">${whole(line.tokens)}</td>
          <td class="numeric quiet">${agrees ? `× ${line.price} / M` : ''}</td><td class="numeric">${agrees ? money(line.nano, currency) : ''}</td></tr>`)}
        <tr class="total"><th scope="row">${t('total')}</th><td class="numeric">${whole(log.total_tokens)}</td><td></td>
          <td class="numeric">${cost === undefined || cost === null ? t('no price') : money(cost, currency)}</td></tr>
      </tbody></table></div>
      ${log.reasoning_tokens > 0 && html`<p class="hint">${t('{n} of the tokens written are reasoning.', { n: whole(log.reasoning_tokens) })}</p>`}
      ${log.usage_source === 'partial' && html`<p class="hint warn">${t('The answer ended before its usage came: the counts are incomplete.')}</p>`}
      ${(cost === undefined || cost === null) && html`<p class="hint warn">${t('The price table has no price for {model}.', { model: visible(log.model) })}</p>`}
      ${cost !== undefined && sum !== undefined && !agrees && html`<p class="hint">${t('The cost was computed by other prices than the plain ones of today: those of its time or its service tier.')}</p>`}`}
  </section>`;
}
