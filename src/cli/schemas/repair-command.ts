/** `holdfast schemas repair ...`: each shows its plan, and runs it with --yes. */
import type { Command } from 'commander';
import { reKey } from '../../recovery/repair/re-key.ts';
import { referenceOrder } from '../../recovery/repair/reference-order.ts';
import { tombstoneEmpty } from '../../recovery/repair/tombstone-empty.ts';
import { undelete } from '../../recovery/repair/undelete.ts';
import { collected } from './common-options.ts';
import { openPlace } from './open-place.ts';
import { parsePlace, placeText } from './place.ts';
import { type CannotWriteOptions, repairCannotWrite } from './repair-cannot-write.ts';
import { type CorruptRecordsOptions, repairCorruptRecords } from './repair-corrupt-records.ts';
import { type DuplicateIdsOptions, repairDuplicateIds } from './repair-duplicate-ids.ts';
import { readStates, repairInPlace } from './repair-in-place.ts';
import { parseVersion, type RepairOptions, withPlanOptions, withRepairOptions } from './repair-options.ts';
import type { ReadByVendor } from './repair-vendor.ts';
import { runSchemas } from './run-schemas.ts';
import { withUsedByOptions } from './used-by.ts';

const VENDOR = 'whose reading holds where they differ: confluent or karapace; whoever wrote the topic unless told';
const BACKUP = 'a folder for the backup that is taken first';

export function addRepair(schemas: Command): void {
  const repair = schemas
    .command('repair')
    .description(
      "Mend a registry's topic. Each repair shows its plan first; with --yes, and the registry stopped, it runs.",
    );
  addCannotWrite(repair);
  addCorruptRecords(repair);
  addReKey(repair);
  addTombstoneEmpty(repair);
  addReferenceOrder(repair);
  addUndelete(repair);
  addDuplicateIds(repair);
}

function addCannotWrite(repair: Command): void {
  withPlanOptions(repair.command('cannot-write'))
    .description(
      'For a registry that reads but can not write: make its topic anew from what it tells over REST. Run it, stop the registry, run it again.',
    )
    .requiredOption('--backup <folder>', 'a folder for what the registry tells, and for the backup of the topic')
    .option('--new-topic <topic>', 'fill this new topic, and leave the old one alone')
    .option('--prefer <which>', 'who is right where the registry and its topic differ: rest or topic')
    .option(
      '--wait [time]',
      'wait until the registry is stopped, instead of being called again; with a time (15m) also so long for its nodes to be up again, and check every id at each',
    )
    .action((options: CannotWriteOptions) => runSchemas(options, (session) => repairCannotWrite(session, options)));
}

function addCorruptRecords(repair: Command): void {
  withRepairOptions(repair.command('corrupt-records'))
    .description('Make the topic anew without the records that nobody can read, and those that you choose.')
    .requiredOption('--backup <folder>', BACKUP)
    .option('--drop-offset <offset>', 'leave this record out; may be given again', collected)
    .option('--drop-deletes-after <offset|time>', 'leave out deletions at this offset or time, and later ones')
    .option('--drop-doubtful', 'leave out, too, what one vendor reads and the other does not', false)
    .option('--drop-unparsable', 'leave out schemas whose text is no schema of its type', false)
    .option('--anew', 'make the topic anew even if no record is left out', false)
    .action((options: CorruptRecordsOptions) =>
      runSchemas(options, (session) => repairCorruptRecords(session, options)),
    );
}

function addReKey(repair: Command): void {
  withRepairOptions(repair.command('re-key'))
    .description('Write records under the one encoding of their key that registries write today.')
    .option('--vendor <vendor>', VENDOR)
    .action((options: RepairOptions & ReadByVendor) =>
      runSchemas(options, (session) => repairInPlace(session, options, 're-key', reKey)),
    );
}

function addTombstoneEmpty(repair: Command): void {
  withRepairOptions(repair.command('tombstone-empty'))
    .description('Write deletions that Karapace left as empty values as null, which compaction removes.')
    .action((options: RepairOptions) =>
      runSchemas(options, (session) =>
        repairInPlace(session, options, 'tombstone-empty', ({ snapshot }) => tombstoneEmpty(snapshot)),
      ),
    );
}

function addReferenceOrder(repair: Command): void {
  withRepairOptions(repair.command('reference-order'))
    .description('Write schemas that lie before what they refer to, which Karapace drops, again behind it.')
    .action((options: RepairOptions) =>
      runSchemas(options, (session) =>
        repairInPlace(session, options, 'reference-order', ({ snapshot }) => referenceOrder(snapshot, session.signal)),
      ),
    );
}

function addUndelete(repair: Command): void {
  withRepairOptions(repair.command('undelete'))
    .description('Bring deleted versions of a subject back, with the ids that they had.')
    .argument('<subject[:version]>', 'all deleted versions of a subject, or one')
    .option('--from <place>', 'where to take versions from of which the log has lost the record: a backup')
    .option('--vendor <vendor>', VENDOR)
    .action((text: string, options: RepairOptions & ReadByVendor & { readonly from?: string }) =>
      runSchemas(options, (session) =>
        repairInPlace(session, options, 'undelete', async ({ snapshot, state }) => {
          const { subject, version } = subjectOf(text, (name) => [...state.subjects()].includes(name));
          if (options.from === undefined) return undelete({ snapshot, state, subject, version });
          const place = parsePlace(options.from);
          const backup = await readStates(session, await openPlace(session, place), options);
          const from = { name: placeText(place), snapshot: backup.snapshot, state: backup.states[state.vendor] };
          return undelete({ snapshot, state, subject, version, from });
        }),
      ),
    );
}

/** A subject may end in a colon and digits itself, so one that is there is taken as it stands. */
function subjectOf(
  text: string,
  isThere: (subject: string) => boolean,
): { readonly subject: string; readonly version: number | undefined } {
  if (isThere(text) || !/:\d+$/.test(text)) return { subject: text, version: undefined };
  return parseVersion(text, 'SUBJECT:VERSION');
}

function addDuplicateIds(repair: Command): void {
  withUsedByOptions(
    withRepairOptions(repair.command('duplicate-ids')),
    'which of these data topics (names or patterns, with commas between) carry the ids, and where',
  )
    .description('List ids that stand for two schemas, and give one of those an id of its own.')
    .option('--give-new-id <subject:version>', 'which version gets another id; may be given again', collected)
    .action((options: DuplicateIdsOptions) => runSchemas(options, (session) => repairDuplicateIds(session, options)));
}
