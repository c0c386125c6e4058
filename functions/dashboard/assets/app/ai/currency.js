// The currency of all sums: that of the price table. Two currencies are never added.
import { usePrices } from './prices.js';

export const useCurrency = () => usePrices(true).data?.currency ?? 'USD';
