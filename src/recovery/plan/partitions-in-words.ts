import type { GivenUpPartition } from './plan.ts';

/** Which partitions, and which offsets of each. */
export function partitionsInWords(partitions: readonly GivenUpPartition[]): string {
  return partitions
    .map(
      ({ partition, beginOffset, endOffset }) => `partition ${partition} (offsets ${beginOffset} to ${endOffset - 1})`,
    )
    .join(', ');
}
