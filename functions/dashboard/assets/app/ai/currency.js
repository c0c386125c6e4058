// The currency of all sums: that of the price table. Two currencies are never added.
import { usePrices } from './prices.js';

export const useCurrency = (wanted = true) => usePrices(wanted).data?.currency ?? 'USD';
