import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeySet } from '../../../../src/recovery/backup/key-set.ts';

it('numbers keys in the order of their coming, bytes and texts alike, however many there are', () => {
  const key = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 3 }), fc.nat(5000).map(String));
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.boolean()), { maxLength: 4000, size: 'max' }), (keys) => {
      const set = new KeySet();
      const model = new Map<string, number>();
      for (const [text, isBytes] of keys) {
        const known = model.get(text);
        expect(set.find(text)).toBe(known);
        expect(set.has(text)).toBe(known !== undefined);
        if (known === undefined) model.set(text, model.size);
        expect(set.add(isBytes ? new TextEncoder().encode(text) : text)).toBe(model.get(text));
        expect(set.size).toBe(model.size);
      }
      for (const [text, number] of model) expect(set.find(new TextEncoder().encode(text))).toBe(number);
    }),
    { numRuns: 20 },
  );
});
