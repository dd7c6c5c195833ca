const MORE = Number(process.env['HOLDFAST_MORE_RUNS'] ?? 1);

/**
 * How often a property of recovery is tried: so often, or as many times as often as `HOLDFAST_MORE_RUNS` says, for a long look. A failure
 * prints the seed with which fast-check finds it again.
 */
export function runs(usual: number): number {
  return usual * MORE;
}

/** How long such a property may take, ms: as many times as long where it is tried as many times as often. */
export function timeForRuns(usualMs: number): number {
  return usualMs * MORE;
}
