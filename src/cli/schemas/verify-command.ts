/** `holdfast schemas verify`: everything that can be wrong, and whether places and nodes agree. */
import { randomUUID } from 'node:crypto';
import { access, constants, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { askWitnesses } from '../../recovery/backup/ask-witnesses.ts';
import { syncFolder } from '../../recovery/backup/sync-folder.ts';
import { findingsOfUsedIds } from '../../recovery/data/findings-of-used-ids.ts';
import { resolvedGuids } from '../../recovery/data/resolved-guids.ts';
import { replay } from '../../recovery/state/replay.ts';
import { type DamagedPlace, isDamage, type NamedPlace, verifyPlaces } from '../../recovery/verify/verify-places.ts';
import {
  reportText,
  type VerifyReport,
  type VerifySection,
  verifyReport,
} from '../../recovery/verify/verify-report.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConfigError, EnvironmentError } from '../../sdk/errors/kinds.ts';
import { UsageError } from '../exit-codes.ts';
import { type CommonOptions, withCommonOptions } from './common-options.ts';
import { openPlace } from './open-place.ts';
import { openStores, type StoreOptions, withStoreOptions } from './open-stores.ts';
import { parsePlace } from './place.ts';
import { EXIT_FINDINGS, runSchemas } from './run-schemas.ts';
import type { SchemasSession } from './schemas-session.ts';
import { type UsedByOptions, usedIdsOf, withUsedByOptions } from './used-by.ts';

interface VerifyOptions extends CommonOptions, StoreOptions, UsedByOptions {
  readonly report?: string;
  readonly strict: boolean;
}

const REPORT_UNWRITABLE = defineErrorCode('holdfast.recovery.report-unwritable', {
  what: 'The file of --report can not be written.',
  mend: 'Name a file in a folder that is there and can be written.',
});

/** A node that is down is a finding, and not waited for. */
const NODE_GIVE_UP_MS = 10_000;

export function addVerify(schemas: Command): void {
  const command = withCommonOptions(schemas.command('verify'))
    .description('Find all that is wrong in a topic or a backup, and where places and nodes of the registry differ.')
    .argument(
      '[place...]',
      'folders, git:PATH[#COMMIT], kafka:TOPIC or topic; topic unless told. All are compared with the first',
    )
    .option('--report <file>', 'write the report into a file as well: JSON if its name ends in .json, else text')
    .option('--strict', 'warnings count as errors', false);
  withStoreOptions(withUsedByOptions(command)).action((places: readonly string[], options: VerifyOptions) =>
    runSchemas(options, (session) => verify(session, places, options)),
  );
}

async function verify(session: SchemasSession, named: readonly string[], options: VerifyOptions): Promise<number> {
  const { progress, signal } = session;
  const stores = options.fromStore ?? [];
  const texts = named.length === 0 && stores.length === 0 && session.hasBroker ? ['topic'] : named;
  const parsed = texts.map((text) => ({ text, place: parsePlace(text) }));
  if (options.usedBy !== undefined && parsed.length === 0 && stores.length === 0) {
    throw new UsageError('--used-by needs a place in which the ids are looked up.');
  }
  if (options.report !== undefined) await checkReportFile(options.report);
  const nodes = await session.nodes(NODE_GIVE_UP_MS);
  if (parsed.length === 0 && stores.length === 0 && nodes === undefined) {
    throw new UsageError('Name a place, or give --bootstrap-servers for the topic, or --registry for its nodes.');
  }
  const places: NamedPlace[] = [];
  const rebuilt = stores.length === 0 ? undefined : await openStores(session, options);
  if (rebuilt !== undefined) places.push({ name: `stores ${stores.join(', ')}`, snapshot: rebuilt.snapshot });
  const damaged: DamagedPlace[] = [];
  for (const { text, place } of parsed) {
    try {
      places.push({ name: text, snapshot: await openPlace(session, place), isLive: place.kind === 'topic' });
    } catch (error) {
      if (!isDamage(error)) throw error;
      damaged.push({ name: text, reason: error.message });
    }
  }
  const onProgress = (what: string, done: number, total?: number): void => progress.report(what, done, total);
  const told =
    nodes === undefined
      ? { witnesses: [], notes: [] }
      : await askWitnesses(
          { nodes: nodes.nodes, clock: session.clock, folder: await session.temporaryFolder(), onProgress },
          signal,
        );
  const { witnesses, notes: silent } = told;
  const sections = [...(await verifyPlaces({ places, damaged, witnesses, silent, signal, onProgress }))];
  if (rebuilt !== undefined) {
    const { findings } = rebuilt.rebuilt;
    sections.unshift({ title: `Rebuilding from stores ${stores.join(', ')}`, findings });
  }
  const [first] = places;
  if (options.usedBy !== undefined) sections.push(await lookUpUsed(session, options.usedBy, options, first));
  const report = verifyReport(sections, { strict: options.strict });
  session.print({ json: report, text: reportText(report) });
  if (options.report !== undefined) await writeReport(options.report, report);
  return report.ok ? 0 : EXIT_FINDINGS;
}

async function lookUpUsed(
  session: SchemasSession,
  topics: string,
  options: VerifyOptions,
  place: NamedPlace | undefined,
): Promise<VerifySection> {
  if (place === undefined) throw new UsageError('--used-by needs a place in which the ids are looked up.');
  const { signal } = session;
  // What the records say, whoever wrote them: Confluent would not see that Karapace has purged an id.
  const state = await replay(place.snapshot, 'confluent', { signal, keepsAll: true });
  const highest = Math.max(0, ...[...state.contexts()].map((context) => state.maxId(context)));
  const used = await usedIdsOf(session, { ...options, usedBy: topics }, { highestId: highest });
  const { snapshot, name } = place;
  const wanted = used.guids.map(({ guid }) => guid);
  const guids = await resolvedGuids({ snapshot, state, wanted }, signal);
  return { title: `Ids in ${topics} beside ${name}`, findings: findingsOfUsedIds(state, used, guids) };
}

/** Before hours of work, and not behind them. */
async function checkReportFile(path: string): Promise<void> {
  const refuse = (reason: string, cause?: unknown): ConfigError =>
    new ConfigError(`The report can't be written to ${path}: ${reason}. Name another file for --report.`, {
      ...{ code: REPORT_UNWRITABLE, cause },
    });
  await access(dirname(resolve(path)), constants.W_OK).catch((cause: Error) => {
    throw refuse(cause.message, cause);
  });
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) throw refuse('it is a folder');
}

/** Whole or not at all. */
async function writeReport(path: string, report: VerifyReport): Promise<void> {
  const text = path.endsWith('.json') ? JSON.stringify(report, null, 2) : reportText(report).join('\n');
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(`${text}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new EnvironmentError(`The report can't be written to ${path}: ${(cause as Error).message}.`, {
      ...{ code: REPORT_UNWRITABLE, cause },
    });
  }
}
