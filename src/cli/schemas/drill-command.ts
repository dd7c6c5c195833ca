/** `holdfast schemas drill`: whether a backup can be restored, for a cron job. */
import type { Command } from 'commander';
import { SnapshotFolder } from '../../recovery/backup/snapshot-folder.ts';
import { writeMetricsFile } from '../../recovery/drill/drill-metrics.ts';
import { drillRegistry } from '../../recovery/drill/drill-registry.ts';
import type { DrillResult } from '../../recovery/drill/drill-result.ts';
import { drillTopic } from '../../recovery/drill/drill-topic.ts';
import type { Snapshot } from '../../recovery/snapshot/snapshot.ts';
import { verifySnapshot } from '../../recovery/verify/verify-snapshot.ts';
import { UsageError } from '../exit-codes.ts';
import { type CommonOptions, withCommonOptions } from './common-options.ts';
import { openPlace } from './open-place.ts';
import { parsePlace } from './place.ts';
import { EXIT_FINDINGS, runSchemas } from './run-schemas.ts';
import type { SchemasSession } from './schemas-session.ts';
import { watchedSnapshot } from './watched-snapshot.ts';

interface DrillOptions extends CommonOptions {
  readonly into: string;
  readonly metricsFile?: string;
}

export function addDrill(schemas: Command): void {
  withCommonOptions(schemas.command('drill'))
    .description(
      'Restore a backup into a scratch topic or an empty registry, prove it equal, and remove it again. Made for a cron job.',
    )
    .argument('<place>', 'a folder (the newest backup in it), git:PATH[#COMMIT] or kafka:TOPIC')
    .option(
      '--into <what>',
      'scratch-topic at --bootstrap-servers, or registry: an empty one at --registry',
      'scratch-topic',
    )
    .option('--metrics-file <file>', "Prometheus text for node_exporter's textfile collector, replaced whole")
    .action((place: string, options: DrillOptions) => runSchemas(options, (session) => drill(session, place, options)));
}

/**
 * Returns the exit code: that of findings where the copy differs.
 * @throws what drilling throws, and what writeMetricsFile throws once the result was printed
 */
export async function drill(session: SchemasSession, place: string, options: DrillOptions): Promise<number> {
  const { clock } = session;
  const begun = clock.monotonic();
  const measure = async (snapshot?: Snapshot, result?: DrillResult): Promise<void> => {
    if (options.metricsFile === undefined) return;
    await writeMetricsFile(options.metricsFile, {
      succeeded: result?.differences.length === 0,
      endedAt: clock.now(),
      durationMs: clock.monotonic() - begun,
      records: result?.records ?? 0,
      subjects: result?.subjects ?? 0,
      backupTakenAt: snapshot?.facts.takenAt ?? 0,
    });
  };
  let snapshot: Snapshot | undefined;
  let result: DrillResult;
  try {
    snapshot = await openPlace(session, parsePlace(place));
    result = await run(session, snapshot, place, options);
  } catch (error) {
    // After a failure too: an alert goes by the time of the last success. Why the drill failed counts for more than that it can't be told there.
    await measure(snapshot).catch((unwritten: Error) => session.note(unwritten.message));
    throw error;
  }
  const exitCode = report(session, { place, result, snapshot, tookMs: clock.monotonic() - begun });
  // Told already, so that it is not lost with figures that can't be written.
  await measure(snapshot, result).catch((unwritten: Error) => {
    if (exitCode === 0) throw unwritten;
    session.note(unwritten.message);
  });
  return exitCode;
}

async function run(
  session: SchemasSession,
  snapshot: Snapshot,
  source: string,
  options: DrillOptions,
): Promise<DrillResult> {
  const { signal, clock, logger, progress } = session;
  if (options.into !== 'scratch-topic' && options.into !== 'registry') {
    throw new UsageError(`--into must be scratch-topic or registry, not ${options.into}.`);
  }
  if (snapshot instanceof SnapshotFolder) {
    progress.report('Checking the backup', 0, snapshot.facts.records);
    await snapshot.check(signal);
  }
  const watched = watchedSnapshot(snapshot, 'Reading the backup', progress);
  if (options.into === 'registry') return runOnRegistry(session, watched, source);
  return drillTopic(
    {
      ...{ snapshot: watched, source, clock, broker: await session.broker(), client: { settings: {}, logger } },
      temporaryFolder: await session.temporaryFolder(),
      findings: (each) => {
        progress.report('Verifying', 0, each.facts.records);
        return verifySnapshot(each, { signal });
      },
      onProgress: (what, done, total) => progress.report(what, done, total),
    },
    signal,
  );
}

async function runOnRegistry(session: SchemasSession, snapshot: Snapshot, source: string): Promise<DrillResult> {
  const { signal, clock, progress } = session;
  const registry = await session.nodes();
  if (registry === undefined)
    throw new UsageError('--into registry needs an empty registry: give --registry with its nodes.');
  const onProgress = (what: string, done: number, total: number): void => progress.report(what, done, total);
  const temporaryFolder = await session.temporaryFolder();
  return drillRegistry({ snapshot, source, nodes: registry.nodes, clock, temporaryFolder, onProgress }, signal);
}

function report(
  session: SchemasSession,
  drilled: {
    readonly place: string;
    readonly result: DrillResult;
    readonly snapshot: Snapshot;
    readonly tookMs: number;
  },
): number {
  const { place, result, snapshot, tookMs } = drilled;
  const { differences, records, subjects, target, leftOvers } = result;
  const taken = new Date(snapshot.facts.takenAt).toISOString();
  const isEqual = differences.length === 0;
  const what = `${place}, taken ${taken}: ${records} records, ${subjects} subjects that a registry reads from them, restored into ${target}`;
  for (const name of leftOvers) session.note(`Removed what a drill left behind: ${name}.`);
  session.print({
    json: {
      equal: isEqual,
      place,
      taken,
      records,
      subjects,
      target,
      differences,
      leftOvers,
      tookMs: Math.round(tookMs),
    },
    text: isEqual
      ? [`drill OK: ${what}, read back equal in ${(tookMs / 1000).toFixed(1)} s`]
      : [`drill FAILED: ${what}, ${differences.length} differences`, ...differences.map((line) => `  ${line}`)],
  });
  return isEqual ? 0 : EXIT_FINDINGS;
}
