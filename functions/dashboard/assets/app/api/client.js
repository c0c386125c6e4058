// Requests to gatelog's functions, which are next to this page under any prefix.
import { token, wanted } from './token.js';

// Why a request failed: the status (0 for no response) and what the function said.
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export function address(path, parameters = []) {
  const url = new URL(`../${path}`, location.href.replace(/[?#].*/s, ''));
  url.search = new URLSearchParams(parameters);
  return url;
}

export async function request(path, parameters, { signal, accept = 'application/json' } = {}) {
  const headers = { accept };
  const sent = token.get();
  if (sent && !path.startsWith('health')) headers.authorization = `Bearer ${sent}`;
  let answer;
  try {
    answer = await fetch(address(path, parameters), { headers, signal, cache: 'no-store', credentials: 'same-origin' });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError(0, '');
  }
  if (answer.ok) return answer;
  const text = await answer.text().catch(() => '');
  // A 401 for a token that has been replaced meanwhile says nothing about the new one.
  if (answer.status === 401 && sent === token.get()) wanted.set(sent ? 'wrong' : 'missing');
  let message = text.slice(0, 500);
  try {
    message = JSON.parse(text).error ?? message;
  } catch {
    // Not from gatelog, but from a gateway in front of it.
  }
  throw new ApiError(answer.status, message);
}

export async function getJson(path, parameters, options) {
  const answer = await request(path, parameters, options);
  try {
    return await answer.json();
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError(answer.status, 'not JSON');
  }
}
