/** What rebuilding from workers' schema stores finds (src/recovery/stores/store-findings.ts has the messages). */
import type { FindingKind } from './finding.ts';

export const STORE_KINDS = {
  'store-id-conflict': {
    severity: 'error',
    what: 'Workers know different schemas by one id.',
    mend: "Records written with the others can't be read by this id. Take another one with --prefer STORE, or keep both: see repair duplicate-ids.",
  },
  'store-version-conflict': {
    severity: 'error',
    what: 'A version of a subject has several ids.',
    mend: 'A subject that was deleted and made anew gives its versions again. Take another store with --prefer STORE where it knows better.',
  },
  'store-proof-withdrawn': {
    severity: 'warning',
    what: 'A worker had an id acknowledged under a subject, but the registry took it back, or the id means something else by now. It is left out of that subject.',
    mend: 'Nothing, unless the subject is missing afterwards: then its producers register it again.',
  },
  'store-schema-missing': {
    severity: 'error',
    what: 'A subject had schemas of which no store has the text.',
    mend: 'Add stores of other workers with --from-store, or take the text from the code of the producers.',
  },
  'store-reference-unknown': {
    severity: 'error',
    what: 'A schema refers to a version that no store knows: nobody can resolve it.',
    mend: 'Add stores of other workers with --from-store, or register that version before the registry is used.',
  },
  'store-version-proposed': {
    severity: 'warning',
    what: 'Which version of a subject an id was, no store knows. It got a free one.',
    mend: 'Nothing, unless something asks for versions by number: references, or clients that are set to one.',
  },
  'store-subject-proposed': {
    severity: 'warning',
    what: 'Under which subject an id was registered, no store knows; it was only read. It got one, so that the id resolves.',
    mend: 'Producers register it again under its own subject and get the same id. After that the proposed subject can be deleted.',
  },
  'store-version-gap': {
    severity: 'note',
    what: 'A subject lacks versions: deleted, or never seen by a worker.',
    mend: 'Add stores of other workers with --from-store if there are any.',
  },
  'store-id-gap': {
    severity: 'note',
    what: 'No store knows some ids below the highest one.',
    mend: 'Look whether data carries them: verify --from-store STORE --used-by TOPICS.',
  },
  'store-unreadable': {
    severity: 'warning',
    what: 'Entries of a store can not be read and are left out.',
    mend: 'Check the disk of that worker; stores of other workers may have them.',
  },
  'store-newer': {
    severity: 'warning',
    what: 'Entries of a store were written by a newer version and are left out.',
    mend: 'Run this command with the version of that worker.',
  },
  'store-guid-only': {
    severity: 'note',
    what: 'A store knows schemas by their GUID only; a GUID tells no id.',
    mend: 'Nothing: producers register them again.',
  },
  'store-facts-unknown': {
    severity: 'note',
    what: "What stores of workers can't tell: soft deletes, compatibility settings, modes, metadata and rules, and what no worker ever used.",
    mend: 'Set compatibility and modes anew, and delete again what should be gone.',
  },
} as const satisfies Readonly<Record<string, FindingKind>>;
