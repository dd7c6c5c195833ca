/** The guide and the code list the same findings. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { FindingKind } from '../../../src/recovery/verify/finding.ts';
import { FINDING_KINDS } from '../../../src/recovery/verify/finding-kinds.ts';

const guide = readFileSync(new URL('../../../docs/guides/schemas-verify.md', import.meta.url), 'utf8');
const rows = [...guide.matchAll(/^\| `([a-z-]+)` \| (error|warning|note) \| (.*?) \| (.*?) \| (.*) \|$/gm)];

test('the guide lists every finding, and no other one, with its severity', () => {
  const told = Object.fromEntries(rows.map(([, name, severity]) => [name, severity]));
  expect(told).toEqual(Object.fromEntries(Object.entries(FINDING_KINDS).map(([name, kind]) => [name, kind.severity])));
  expect(rows).toHaveLength(Object.keys(FINDING_KINDS).length);
});

test.each(Object.entries<FindingKind>(FINDING_KINDS))('the guide says of %s what the code says', (name, kind) => {
  const [, , , what, vendors, mend] = rows.find(([, told]) => told === name) ?? [];
  expect([what, mend]).toEqual([kind.what, kind.mend]);
  for (const text of Object.values(kind.vendors ?? {})) expect(vendors).toContain(text);
});
