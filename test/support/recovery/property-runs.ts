/**
 * How often a property of recovery is tried: so often, or as many times as often as `HOLDFAST_MORE_RUNS` says, for a long look. A failure
 * prints the seed with which fast-check finds it again.
 */
export function runs(usual: number): number {
  return usual * Number(process.env['HOLDFAST_MORE_RUNS'] ?? 1);
}
