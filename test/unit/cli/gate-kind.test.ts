import { expect, it } from 'vitest';
import { gateKind } from '../../../src/cli/gate-kind.ts';

it.each([
  ['read', 'read'],
  ['id:42', 'id'],
  ['id:.europe:42', 'id'],
  ['barrier:.europe:42', 'barrier'],
  ['guid:1234', 'id'],
  ['slow:3', 'slow'],
  ['answer:view:1', 'answer'],
  ['something:new', 'other'],
])('a gate registry:<id>:%s is of the kind %s', (gate, kind) => {
  expect(gateKind(`registry:r-1:${gate}`)).toBe(kind);
});
