/** What `--used-by` finds in data (src/recovery/data/findings-of-used-ids.ts has the messages). */
import type { FindingKind } from './finding.ts';

export const USE_KINDS = {
  'id-in-data-unresolved': {
    severity: 'error',
    what: 'Data carries an id that nothing resolves.',
    mend: 'Look for the id in older backups (verify each with --used-by) and in what workers know (restore --from-store).',
  },
  'id-in-data-implausible': {
    severity: 'note',
    what: 'Data begins as if with an id, but hardly is.',
    mend: 'Nothing, if the topic holds numbers or UUIDs.',
  },
  'guid-in-data-unchecked': {
    severity: 'note',
    what: 'Data names its schema by a GUID that is of no schema without metadata and rules.',
    mend: 'Ask the running registry: GET /schemas/guids/{guid}.',
  },
  'data-unread': {
    severity: 'warning',
    what: 'Some data could not be looked at.',
    mend: 'Check the broker, or search fewer topics at a time.',
  },
} as const satisfies Readonly<Record<string, FindingKind>>;
