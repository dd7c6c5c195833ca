import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MaskingStream } from '../../../src/foundation/masking-stream.ts';
import { SecretRegistry } from '../../../src/foundation/secret-registry.ts';

function maskedInPieces(secrets: readonly string[], pieces: readonly string[]): string[] {
  const registry = new SecretRegistry();
  registry.hold('owner', secrets);
  const stream = new MaskingStream(registry);
  return [...pieces.map((piece) => stream.next(piece)), stream.end()];
}

describe('MaskingStream', () => {
  it('strikes out a secret that is split over pieces, and waits only where one may begin', () => {
    expect(maskedInPieces(['hunter2-hunter2'], ['a line\n', 'the hunt', 'er2-hun', 'ter2!', ' hunt'])).toEqual([
      'a line\n',
      'the ',
      '',
      '[hidden]!',
      ' ',
      'hunt',
    ]);
  });

  it('leaves nothing of secrets that overlap over pieces, and bounds what waits', () => {
    expect(maskedInPieces(['abcdefgh', 'efghijkl'], ['<abcdefgh', 'ijkl>']).join('')).toBe('<[hidden]>');
    expect(maskedInPieces(['abcdefgh', 'efghijkl'], ['<abcdefgh', '>']).join('')).toBe('<[hidden]>');
    const registry = new SecretRegistry();
    registry.hold('owner', ['aaaaaaaaaa']);
    const stream = new MaskingStream(registry);
    const shown = Array.from({ length: 1_000 }, () => stream.next('aaa'));
    expect([...shown, stream.end()].join('')).toBe('[hidden]');
    // Struck out at once, not when the run of secrets ends at last.
    expect(shown.slice(0, 5).join('')).toBe('[hidden]');
  });

  it('shows what the whole text shows', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 30 });
    const secret = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 8, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(secret, { maxLength: 6 }), fc.array(text, { maxLength: 12 }), (secrets, pieces) => {
        const registry = new SecretRegistry();
        registry.hold('owner', secrets);
        expect(maskedInPieces(secrets, pieces).join('')).toBe(registry.mask(pieces.join('')));
      }),
    );
  });
});
