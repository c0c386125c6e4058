// Prometheus' text format, as /health/metrics writes it: samples by name, each with its labels.
import { ApiError, request } from './client.js';

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

export function parseMetrics(text) {
  const samples = [];
  for (const line of text.split('\n')) {
    const found = line.startsWith('#') ? null : LINE.exec(line);
    if (!found) continue;
    const labels = Object.fromEntries([...(found[2] ?? '').matchAll(LABEL)].map(([, name, value]) => [name, value]));
    samples.push({ name: found[1], labels, value: Number(found[3].replace('Inf', 'Infinity')) });
  }
  return new Metrics(samples);
}

class Metrics {
  constructor(samples) {
    this.samples = samples;
  }

  all(name) {
    return this.samples.filter((sample) => sample.name === name);
  }

  // The sum of the samples with these labels; undefined when there are none.
  sum(name, labels = {}) {
    const found = this.all(name).filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value));
    return found.length ? found.reduce((sum, sample) => sum + sample.value, 0) : undefined;
  }

  // A quantile of the observations, interpolated within its bucket as Prometheus does.
  quantile(name, share) {
    const buckets = this.all(`${name}_bucket`).map(({ labels, value }) => ({ bound: Number(labels.le.replace('+Inf', 'Infinity')), value }));
    buckets.sort((a, b) => a.bound - b.bound);
    const wanted = share * (buckets.at(-1)?.value ?? 0);
    if (!wanted) return undefined;
    const index = buckets.findIndex((bucket) => bucket.value >= wanted);
    const [low, below] = index > 0 ? [buckets[index - 1].bound, buckets[index - 1].value] : [0, 0];
    const { bound, value } = buckets[index];
    return bound === Infinity ? low : low + ((bound - low) * (wanted - below)) / (value - below || 1);
  }
}

export const metrics = async (signal) => {
  const answer = await request('health/metrics', [], { signal, accept: 'text/plain' });
  const found = parseMetrics(await answer.text());
  // Prometheus needs an answer while the database is down; there are no counters in it.
  if (found.sum('gatelog_ingest_records_total') === undefined) throw new ApiError(503, '');
  return found;
};
