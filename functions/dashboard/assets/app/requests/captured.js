// Captured headers and bodies: JSON indented, an event stream folded into the text that it carries.
import { html, useState } from '../dom.js';
import { visible } from '../format/value.js';
import { whole } from '../format/number.js';
import { t } from '../texts/index.js';

export const Captured = ({ log }) => {
  const parts = [
    [t('Request headers'), log.request_headers], [t('Response headers'), log.response_headers],
    [t('Request body'), log.request_body], [t('Response body'), log.response_body], [t('AI log'), log.ai_log],
  ].filter(([, value]) => value);
  return parts.map(([title, value]) => (typeof value === 'string'
    ? html`<${BodyText} key=${title} title=${title} text=${value} />`
    : html`<details class="part" key=${title} open><summary>${title}</summary><dl class="fields headers">
        ${Object.entries(value).map(([name, content]) => html`<dt>${visible(name)}</dt><dd><span dir="auto">${visible(typeof content === 'string' ? content : JSON.stringify(content))}</span></dd>`)}
      </dl></details>`));
};

function BodyText({ title, text }) {
  const folded = readable(text);
  const [raw, setRaw] = useState(!folded);
  return html`<details class="part" open><summary>${title} <span class="count">${t('{n} characters', { n: whole(text.length) })}</span></summary>
    ${folded && html`<button type="button" class="link" onClick=${() => setRaw(!raw)}>${raw ? t('readable') : t('original')}</button>`}
    <pre class="text" dir="auto" tabindex="0">${visible(raw || !folded ? text : folded)}</pre></details>`;
}

// A body in readable form; null when the original is best.
function readable(text) {
  const start = text.trimStart();
  if (start.startsWith('{') || start.startsWith('[')) {
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      return null;
    }
  }
  if (!/^(event|data|id|:)/m.test(start) || !/^data:/m.test(text)) return null;
  const words = [];
  for (const line of text.split(/\r?\n/)) {
    if (!line.startsWith('data:')) continue;
    try {
      words.push(generated(JSON.parse(line.slice(5))));
    } catch {
      // The last event may be cut off, and [DONE] is not JSON.
    }
  }
  return words.join('') || null;
}

// The text in an event, in the formats of OpenAI, Anthropic, Gemini and DashScope.
function generated(event) {
  const choice = event.choices?.[0] ?? event.output?.choices?.[0];
  const parts = event.candidates?.[0]?.content?.parts;
  const found = choice?.delta?.content ?? choice?.delta?.reasoning_content ?? choice?.message?.content ?? choice?.text ??
    event.delta?.text ?? event.delta?.thinking ?? event.delta?.partial_json ?? (typeof event.delta === 'string' ? event.delta : undefined) ??
    parts?.map((part) => part.text ?? '').join('') ?? event.message?.content ?? event.response;
  return typeof found === 'string' ? found : '';
}
