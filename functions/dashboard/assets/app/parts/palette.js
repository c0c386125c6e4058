// The colours of series: by status class where that is the split, otherwise by order.
const STATUS = { '1xx': '--s-1xx', '2xx': '--s-2xx', '3xx': '--s-3xx', '4xx': '--s-4xx', '5xx': '--s-5xx', none: '--s-none' };
const SERIES = ['--c-1', '--c-2', '--c-3', '--c-4', '--c-5', '--c-6'];

export const seriesColor = (by, key, index, isOther) =>
  isOther ? '--c-other' : (by === 'status_class' && STATUS[key]) || SERIES[index % SERIES.length];
