/** Applies `response.http.headers.config` to an answer. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../foundation/clock.ts';
import type { HeaderRule } from '../runtime/config/header-rules.ts';

export function applyHeaderRules(
  rules: readonly HeaderRule[],
  response: Pick<ServerResponse, 'setHeader' | 'appendHeader'>,
  clock: Clock,
): void {
  for (const { action, name, value } of rules) {
    const text = action.endsWith('Date') ? new Date(clock.now() + Number(value)).toUTCString() : value;
    if (action.startsWith('set')) response.setHeader(name, text);
    else response.appendHeader(name, text);
  }
}
