/** docs/settings-without-effect.md says what the code says: UPDATE_DOCS=1 writes its tables anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EMBEDDED_CLIENT_SETTINGS } from '../../../src/broker/embedded/client-settings.ts';
import { CLIENT_SETTINGS_WITHOUT_EFFECT } from '../../../src/broker/kafka/settings-without-effect.ts';
import {
  SOURCE_KEYS_WITHOUT_EFFECT,
  WORKER_KEYS_WITHOUT_EFFECT,
  WORKER_PREFIXES_WITHOUT_EFFECT,
} from '../../../src/runtime/config/worker-keys/keys-without-effect.ts';

const file = new URL('../../../docs/settings-without-effect.md', import.meta.url);
const page = readFileSync(file, 'utf8');

/** A row for each reason, with its settings. */
function table(reasons: ReadonlyMap<string, string>): string {
  const byReason = new Map<string, string[]>();
  for (const [key, reason] of reasons) byReason.set(reason, [...(byReason.get(reason) ?? []), `\`${key}\``]);
  const rows = [...byReason].map(([reason, keys]) => `| ${keys.join(', ')} | ${reason} |`);
  return ['| settings | why they have no effect |', '|---|---|', ...rows].join('\n');
}

const parts: readonly (readonly [name: string, text: string])[] = [
  ['client settings', table(CLIENT_SETTINGS_WITHOUT_EFFECT)],
  ['worker settings', table(WORKER_KEYS_WITHOUT_EFFECT)],
  ['worker prefixes', table(WORKER_PREFIXES_WITHOUT_EFFECT)],
  ['source settings', table(SOURCE_KEYS_WITHOUT_EFFECT)],
  ['embedded settings', EMBEDDED_CLIENT_SETTINGS.map((key) => `\`${key}\``).join(', ')],
];

describe('docs/settings-without-effect.md', () => {
  it.each(parts)('has the %s of the code', (name, text) => {
    const marked = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- end -->)`);
    if (process.env['UPDATE_DOCS'] === '1') {
      writeFileSync(
        file,
        readFileSync(file, 'utf8').replace(marked, (_all, start, end) => `${start}\n${text}\n\n${end}`),
      );
      return;
    }
    expect(marked.exec(page)?.[0]).toBe(`<!-- ${name} -->\n\n${text}\n\n<!-- end -->`);
  });
});
