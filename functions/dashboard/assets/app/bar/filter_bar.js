// The filter bar: filters as chips, and an input for more of them, with suggestions.
import { html, useEffect, useRef, useState } from '../dom.js';
import { FILTER_NAMES, kindOf, OPTIONAL_NAMES } from '../fields.js';
import { getJson } from '../api/client.js';
import { filterText, parseFilter, splitWords, toggleFilter, typedText } from '../state/filters.js';
import { setView, useView } from '../state/view.js';
import { useRange } from '../state/clock.js';
import { keys } from '../parts/keys.js';
import { Icon } from '../parts/icons.js';
import { t, fieldLabel } from '../texts/index.js';
import { visible } from '../format/value.js';

const SIGNS = { ':': '=', '-': '≠', '~': '∋', '^': 'a…', '>': '≥', '<': '≤', '!': '=', '*': '≠' };
const DELAY_MS = 150;
const OPERATORS = { text: [':', '~', '^'], host: [':'], fields: [':'], number: [':', '>', '<'], status: [':'], json: ['~'] };

const problemText = ({ problem, name }) => ({
  field: t('There is no field named {name}.', { name }),
  value: t('A value is missing after {name}.', { name }),
  operator: t('{name} does not support this operator.', { name }),
  number: t('{name} takes a whole number.', { name }),
}[problem] ?? '');

export function FilterBar() {
  const { filters, ignored } = useView();
  const [text, setText] = useState('');
  const [problem, setProblem] = useState('');
  const [choice, setChoice] = useState(-1);
  const [focused, setFocused] = useState(false);
  const input = useRef();
  const proposals = useProposals(focused ? text : '', focused);
  useEffect(() => keys.use({ '/': () => input.current.focus() }), []);
  const submit = () => {
    const read = splitWords(text).map(parseFilter);
    const wrong = read.find((one) => one.problem);
    if (wrong) return setProblem(problemText(wrong));
    setText('');
    setProblem('');
    return read.length && setView({ filters: read.reduce((all, { filter }) => (all.some((one) => filterText(one) === filterText(filter)) ? all : toggleFilter(all, filter)), filters) });
  };
  const take = (proposal) => {
    setChoice(-1);
    setProblem('');
    if (!proposal.whole) return setText(proposal.text);
    setText('');
    return setView({ filters: toggleFilter(filters, parseFilter(proposal.text).filter) });
  };
  const onKey = (event) => {
    if (event.key === 'Enter') choice >= 0 && proposals[choice] ? take(proposals[choice]) : submit();
    else if (event.key === 'ArrowDown') setChoice(Math.min(proposals.length - 1, choice + 1));
    else if (event.key === 'ArrowUp') setChoice(Math.max(-1, choice - 1));
    else if (event.key === 'Escape') { setChoice(-1); input.current.blur(); event.stopPropagation(); }
    else if (event.key === 'Backspace' && !text && filters.length) setView({ filters: filters.slice(0, -1) });
    else return;
    if (event.key !== 'Backspace') event.preventDefault();
  };
  const open = focused && proposals.length > 0;
  return html`<div class="filter-bar" role="search">
    <${Icon} name="search" />
    ${filters.map((filter) => html`<${Chip} key=${filterText(filter)} filter=${filter} onEdit=${() => { setView({ filters: filters.filter((other) => other !== filter) }); setText(typedText(filter)); input.current.focus(); }}
      onRemove=${() => setView({ filters: filters.filter((other) => other !== filter) })} />`)}
    <input ref=${input} class="filter-input" value=${text} role="combobox" aria-expanded=${open} aria-controls="proposals" aria-autocomplete="list"
      aria-activedescendant=${choice >= 0 ? `proposal-${choice}` : undefined} aria-label=${t('Filter')} autocomplete="off" spellcheck=${false}
      placeholder=${filters.length ? '' : t('Filter: status:5xx  model:qwen-max  -consumer:bot  duration>500  path~/v1/')}
      onInput=${(event) => { setText(event.target.value); setProblem(''); setChoice(-1); }} onKeyDown=${onKey}
      onFocus=${() => setFocused(true)} onBlur=${() => setFocused(false)} />
    ${filters.length > 0 && html`<button type="button" class="button square quiet" aria-label=${t('Remove all filters')} title=${t('Remove all filters')} onClick=${() => setView({ filters: [] })}><${Icon} name="close" /></button>`}
    ${open && html`<ul class="proposals" id="proposals" role="listbox" aria-label=${t('Filter')}>${proposals.map((proposal, index) =>
      html`<li key=${proposal.text} id=${`proposal-${index}`} role="option" aria-selected=${index === choice} class=${index === choice ? 'chosen' : ''}
        onPointerDown=${(event) => { event.preventDefault(); take(proposal); }}><code>${visible(proposal.text)}</code>${proposal.note && html`<span>${proposal.note}</span>`}</li>`)}</ul>`}
    ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    ${ignored.map((one) => html`<p class="problem" role="alert" key=${one.text}>${t('Ignored in the address: {text}', { text: visible(one.text) })} · ${visible(problemText(one))}</p>`)}
  </div>`;
}

const Chip = ({ filter, onEdit, onRemove }) => html`<span class=${`chip ${'-*'.includes(filter.op) ? 'not' : ''}`}>
  <button type="button" class="chip-text" title=${t('Change')} onClick=${onEdit}>${fieldLabel(filter.field)} <i>${SIGNS[filter.op]}</i> <bdi>${visible(filter.value ?? t('(none)'))}</bdi></button>
  <button type="button" class="chip-close" aria-label=${t('Remove the filter {text}', { text: visible(filterText(filter)) })} onClick=${onRemove}><${Icon} name="close" /></button></span>`;

// What may come next: field names, then operators, then values that occur in this time range.
function useProposals(text, focused) {
  const range = useRange();
  const [values, setValues] = useState([]);
  const [, not = '', name, part] = /^(-?)([a-z_]+):(.*)$/s.exec(text) ?? [];
  const kind = kindOf(name);
  useEffect(() => {
    setValues([]);
    if (kind !== 'text') return undefined;
    const abort = new AbortController();
    const ask = () => getJson(`query/filters/${name}`, [...range.parameters, ['prefix', part], ['limit', '12']], { signal: abort.signal })
      .then((answer) => setValues(answer.values ?? []), () => setValues([]));
    const timer = setTimeout(ask, DELAY_MS);
    return () => { clearTimeout(timer); abort.abort(); };
  }, [kind, name, part, range]);
  if (!focused) return [];
  if (kind === 'status') return ['2xx', '3xx', '4xx', '5xx', 'none'].filter((one) => one.startsWith(part)).map((one) => ({ text: `${not}status:${one}`, whole: true }));
  if (kind === 'fields') return OPTIONAL_NAMES.filter((one) => one.startsWith(part)).slice(0, 12).map((one) => ({ text: `${not}${name}:${one}`, note: fieldLabel(one), whole: true }));
  if (kind) return values.map((value) => ({ text: `${not}${name}:${value}`, whole: true }));
  const word = text.replace(/^-/, '');
  if (!/^[a-z_]*$/.test(word)) return [];
  const names = FILTER_NAMES.filter((one) => one.startsWith(word)).slice(0, 9);
  return names.flatMap((one) => (names.length < 3 ? OPERATORS[kindOf(one)] : [':']).map((op) => ({ text: `${text.startsWith('-') ? '-' : ''}${one}${op}`, note: fieldLabel(one) })));
}
