/** Placeholder until the converter is there. */
export function measureAvro(): readonly string[] {
  return [];
}
