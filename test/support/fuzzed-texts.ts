import fc from 'fast-check';

/** So many texts of these pieces, always the same. */
export function fuzzedTexts(pieces: readonly string[], count: number): string[] {
  const text = fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((parts) => parts.join(''));
  return [...new Set(fc.sample(text, { numRuns: count, seed: 7 }))];
}
