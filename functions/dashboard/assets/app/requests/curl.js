// A curl command that repeats a request, as far as it was recorded.

// Between single quotes a shell takes everything but the quote literally. No argument can contain NUL.
const quoted = (text) => `'${String(text).replaceAll('\u0000', '').replaceAll("'", "'\\''")}'`;
const MADE_BY_CURL = /^(:|host$|content-length$|connection$|transfer-encoding$)/i;

export function asCurl(log) {
  const path = log.path?.startsWith('/') ? log.path : `/${log.path ?? ''}`;
  const words = [`curl -X ${quoted(log.method)} ${quoted(`${log.scheme || 'http'}://${log.authority}${path}`)}`];
  const headers = log.request_headers ?? (log.user_agent ? { 'user-agent': log.user_agent } : {});
  for (const [name, value] of Object.entries(headers)) {
    if (!MADE_BY_CURL.test(name)) [value].flat().forEach((one) => words.push(`-H ${quoted(`${name}: ${one}`)}`));
  }
  if (log.request_body) words.push(`--data-raw ${quoted(log.request_body)}`);
  return words.join(' \\\n  ');
}
