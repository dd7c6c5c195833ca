/** What a drill found. */
export interface DrillResult {
  /** What it restored into; it is gone, or empty again. */
  readonly target: string;
  /** In words; none: the copy is equal. */
  readonly differences: readonly string[];
  /** Topics of earlier drills that were killed, removed now; or the registry in which one had left schemas. */
  readonly leftOvers: readonly string[];
}
