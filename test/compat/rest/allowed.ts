import type { AllowedDifference } from '../pair/allowed-differences.ts';

/** Differences between the answers of Kafka Connect and ours that are meant; rendered into docs/compat.md. */
export const allowedDifferences: readonly AllowedDifference[] = [];
