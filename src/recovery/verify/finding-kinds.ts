/**
 * Every finding there is: how bad, what, whom it hurts, how to mend it. docs/guides/schemas-verify.md has the same names (a test compares
 * them). Sources: specs/registry.md, chapter 5, "Damage behaviour".
 */
import { COMPARISON_KINDS } from './comparison-kinds.ts';
import type { FindingKind } from './finding.ts';
import { RECORD_KINDS } from './record-kinds.ts';
import { STATE_KINDS } from './state-kinds.ts';
import { STORE_KINDS } from './store-kinds.ts';
import { TOPIC_KINDS } from './topic-kinds.ts';
import { USE_KINDS } from './use-kinds.ts';

export const FINDING_KINDS = {
  ...RECORD_KINDS,
  ...STATE_KINDS,
  ...TOPIC_KINDS,
  ...COMPARISON_KINDS,
  ...USE_KINDS,
  ...STORE_KINDS,
} as const satisfies Readonly<Record<string, FindingKind>>;

export type FindingName = keyof typeof FINDING_KINDS;
