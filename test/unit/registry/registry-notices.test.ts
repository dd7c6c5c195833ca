import { expect, it } from 'vitest';
import { parseRegistryNotice } from '../../../src/registry/registry-notices.ts';

it.each(['changed', 'contradicted', 'confirmed', 'distrusted'])('takes a notice of ours as it is: %s', (kind) => {
  const notice = { kind, registryId: 'x', more: 1 };
  expect(parseRegistryNotice(notice)).toBe(notice);
});

it.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['text', 'changed'],
  ['no kind', { registryId: 'x' }],
  ['another kind', { kind: 'other', registryId: 'x' }],
  ['a kind that is no text', { kind: 1, registryId: 'x' }],
  ['no registry', { kind: 'changed' }],
  ['a registry that is no text', { kind: 'changed', registryId: 1 }],
])('takes nothing else for one: %s', (_name, body) => {
  expect(parseRegistryNotice(body)).toBeUndefined();
});
