/** In what two places, or a place and a node, may differ. `node` of a finding names the other one. */
import type { FindingKind } from './finding.ts';

// A node that is restarted knows what the topic knows: what only its memory has would be gone.
const KEEP = 'Take a backup of the node first: holdfast schemas backup --from registry.';
const NODE = `${KEEP} Then restart it; if it stays so, its topic or its reader is damaged: see the findings of the topic.`;
const ONLY_NODE = `Don't restart the node: its memory may be the only copy. ${KEEP} Then restore what is missing from it, --into in-place.`;
const PLACE = 'The newer place may be ahead. If not: holdfast schemas restore from the place that has it.';

export const COMPARISON_KINDS = {
  'missing-at-node': { severity: 'error', what: 'A node does not have a version.', mend: NODE },
  'only-at-node': {
    severity: 'error',
    what: 'A node has a version that is not in what it is compared with.',
    mend: ONLY_NODE,
  },
  'other-content-at-node': {
    severity: 'error',
    what: 'A node has another schema for a version: ids that it gives out mean something else.',
    mend: `Stop producers that use it. ${NODE}`,
  },
  'other-id-at-node': { severity: 'error', what: 'A node has another id for a version.', mend: NODE },
  'superseded-at-node': {
    severity: 'note',
    what: "A node does not have a soft-deleted version below one with its id: Confluent's registry removes such when the later one is imported.",
    mend: 'Nothing to do.',
  },
  'missing-in-place': { severity: 'error', what: 'The other place does not have a version.', mend: PLACE },
  'only-in-place': { severity: 'error', what: 'Only the other place has a version.', mend: PLACE },
  'other-content-in-place': {
    severity: 'error',
    what: 'The other place has another schema for a version.',
    mend: 'Find out which one the data was written with, and restore from the place that has it.',
  },
  'other-id-in-place': {
    severity: 'error',
    what: 'The other place has another id for a version.',
    mend: 'Find out which id the data carries (--used-by), and restore from the place that has it.',
  },
  'deleted-differs': { severity: 'error', what: 'A version is soft-deleted in one of the two only.', mend: PLACE },
  'config-differs': { severity: 'error', what: 'A config differs.', mend: PLACE },
  'mode-differs': { severity: 'error', what: 'A mode differs.', mend: PLACE },
  'max-id-lower': {
    severity: 'error',
    what: 'The highest id of a context is lower in the other place: it would give ids out a second time.',
    mend: 'Register nothing there. Restore, which reserves the highest id.',
  },
  'text-differs-only-in-form': {
    severity: 'note',
    what: 'Texts differ in blanks or the order of keys only: Karapace sorts them.',
    mend: 'Nothing to do.',
  },
  'topic-made-anew': {
    severity: 'warning',
    what: 'The topic has another topic id than in the other place: it was deleted and made anew in between.',
    mend: 'Nothing, if that was a restore.',
  },
  'other-cluster': { severity: 'note', what: 'The two are of different Kafka clusters.', mend: 'Nothing to do.' },
  'place-damaged': {
    severity: 'error',
    what: 'A backup is not what was written: a file is missing, cut or changed. It is compared with nothing.',
    mend: 'Use another copy or an older backup of it; back up again.',
  },
  'node-silent': {
    severity: 'error',
    what: 'A node did not answer at all.',
    mend: 'See its log; if it is stopped on purpose, leave it out of --registry.',
  },
  'witness-incomplete': {
    severity: 'warning',
    what: 'A node did not answer all that it was asked; what it did not tell is not compared.',
    mend: 'Run it again when the node is well.',
  },
} as const satisfies Readonly<Record<string, FindingKind>>;
