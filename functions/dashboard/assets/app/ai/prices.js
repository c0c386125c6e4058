// The price table, as /query/prices gives it, and what a call costs by it, line by line.
import { useAnswer } from '../api/use_answer.js';
import { prices } from '../api/query.js';

const nothing = Promise.resolve(undefined);
// Without the table there is no arithmetic, and nothing else is lost.
export const usePrices = (wanted) => useAnswer((signal) => (wanted ? prices(signal) : nothing), ['prices', wanted]);

const fits = (pattern, model) => (pattern.endsWith('*') ? model.startsWith(pattern.slice(0, -1)) : pattern === model);

// The entry for a call: the provider's own before others', then the longest pattern.
function entryFor(log, table) {
  const named = [log.response_model, log.model].filter(Boolean);
  const weigh = (entry) => (entry.provider === log.provider ? 1000 : 0) + entry.match.length;
  for (const model of named) {
    const found = (table?.models ?? []).filter((entry) => fits(entry.match, model) && (!entry.provider || !log.provider || entry.provider === log.provider));
    if (found.length) return found.sort((a, b) => weigh(b) - weigh(a))[0];
  }
  return undefined;
}

// Tokens by what they cost. Prices are per million tokens, in decimal text; a nano unit is 10⁻⁹ of the currency.
export function priceLines(log, table) {
  const entry = entryFor(log, table);
  const above = entry?.above_input_tokens && log.input_tokens > entry.above_input_tokens ? entry.above : undefined;
  const price = (name, otherwise) => above?.[name] ?? entry?.[name] ?? (otherwise && (above?.[otherwise] ?? entry?.[otherwise]));
  const [cached, written] = [log.cached_tokens ?? 0, log.cache_write_tokens ?? 0];
  const reasoning = price('reasoning') === undefined ? 0 : (log.reasoning_tokens ?? 0);
  const lines = [
    ['read', (log.input_tokens ?? 0) - cached - written, price('input')],
    ['read from the cache', cached, price('cached', 'input')],
    ['read and written to the cache', written, price('cache_write', 'input')],
    ['written', (log.output_tokens ?? 0) - reasoning, price('output')],
    ['written in reasoning', reasoning, price('reasoning')],
  ];
  return lines.filter(([name, tokens]) => tokens > 0 || name === 'read' || name === 'written')
    .map(([name, tokens, at]) => ({ name, tokens, price: at, nano: at === undefined ? undefined : Math.round(tokens * Number(at) * 1000) }));
}
