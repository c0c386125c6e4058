// The currency of all sums: that of the price table. Two currencies are never added.
import { useAnswer } from '../api/use_answer.js';
import { prices } from '../api/query.js';

const nothing = Promise.resolve(undefined);

export const useCurrency = (wanted = true) =>
  useAnswer((signal) => (wanted ? prices(signal) : nothing), ['prices', wanted]).data?.currency ?? 'USD';
