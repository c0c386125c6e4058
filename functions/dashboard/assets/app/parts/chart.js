// A chart over time, drawn by uPlot: stacked bars or lines, a brush that selects a range, and the values under the pointer.
// uPlot sets its styles through the DOM, which the page's policy allows.
import { html, useEffect, useRef, useState } from '../dom.js';
import { useSignal } from '../signal.js';
import { language, theme, utc } from '../state/preferences.js';
import { axis, dayAndTime } from '../format/time.js';
import { short } from '../format/number.js';

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Each series is stacked on those below it; the top one is drawn first and covered by the others.
function stacked(series) {
  const sums = [];
  let below = series[0]?.values.map(() => 0) ?? [];
  for (const { values } of series) {
    below = below.map((sum, index) => sum + (values[index] ?? 0));
    sums.push(below);
  }
  return sums.reverse();
}

// Values without neighbours, which no line reaches.
function alone(plot, number) {
  const values = plot.data[number];
  return values.flatMap((value, index) => ((value ?? null) !== null && (values[index - 1] ?? values[index + 1] ?? null) === null ? [index] : []));
}

function options({ series, kind, width, height, format, stepMs, onBrush, onPoint }) {
  const order = kind === 'bars' ? [...series].reverse() : series;
  const text = style('--text-2');
  const grid = { stroke: style('--line'), width: 1 };
  const font = '11px system-ui, sans-serif';
  return {
    width, height,
    padding: [8, 16, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: Boolean(onBrush), y: false, setScale: false, dist: 6 }, points: { show: kind !== 'bars' } },
    scales: { x: { time: true }, y: { range: (plot, low, high) => [0, high > 0 ? high * 1.05 : 5] } },
    axes: [
      { stroke: text, font, size: 28, grid: { show: false }, ticks: grid, values: (plot, marks) => marks.map((mark) => axis(mark * 1000, marks.length > 1 ? (marks[1] - marks[0]) * 1000 : stepMs)) },
      { stroke: text, font, grid, ticks: { show: false }, size: 58, values: (plot, marks) => marks.map((mark) => format(mark)) },
    ],
    series: [{}, ...order.map(({ label, color }) => {
      const stroke = style(color);
      const bars = { fill: stroke, stroke, width: 0, paths: uPlot.paths.bars({ size: [0.86, 64], align: 1 }), points: { show: false } };
      const line = { stroke, width: 2, points: { show: true, size: 5, fill: stroke, filter: alone }, spanGaps: false };
      return { label, ...(kind === 'bars' ? bars : line) };
    })],
    hooks: {
      setSelect: [(plot) => {
        const { left, width: chosen } = plot.select;
        if (chosen < 6) return;
        const [from, to] = [left, left + chosen].map((x) => plot.posToVal(x, 'x') * 1000);
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        onBrush?.(from, to);
      }],
      setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)],
    },
  };
}

export function Chart({ times, series, stepMs, kind = 'line', height = 140, format = short, onBrush, label }) {
  const root = useRef();
  const [index, setIndex] = useState(null);
  const [dark, setDark] = useState(0);
  const looks = [useSignal(theme.value), useSignal(utc.value), useSignal(language.value), dark].join();
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const changed = () => setDark((count) => count + 1);
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, []);
  useEffect(() => {
    const host = root.current;
    const seconds = times.map((time) => time / 1000);
    const values = kind === 'bars' ? stacked(series) : series.map((one) => one.values);
    const make = () => options({ series, kind, width: host.clientWidth, height, format, stepMs, onBrush, onPoint: setIndex });
    const plot = new uPlot(make(), [seconds, ...values], host);
    // Bars begin at their time, so the last one needs room of its own.
    if (kind === 'bars' && seconds.length) plot.setScale('x', { min: seconds[0], max: seconds.at(-1) + stepMs / 1000 });
    const watch = new ResizeObserver(() => host.clientWidth && plot.setSize({ width: host.clientWidth, height }));
    watch.observe(host);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [times, series, kind, looks]);
  const shown = index !== null && index < times.length;
  return html`<figure class="chart">
    <div class="plot" ref=${root} role="img" aria-label=${label}></div>
    <figcaption class="legend">
      <span class="moment">${shown ? dayAndTime(times[index]) : ''}</span>
      ${series.map((one) => html`<span class="key" key=${one.label}><i class=${`swatch ${one.color.slice(2)}`}></i>${one.label}
        ${shown && html`<b>${format(one.values[index])}</b>`}</span>`)}
    </figcaption>
  </figure>`;
}
