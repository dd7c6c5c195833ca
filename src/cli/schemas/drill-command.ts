/** `holdfast schemas drill`: whether a backup can be restored, for a cron job. */

import type { Command } from 'commander';
import { counted } from '../../foundation/counted.ts';
import type { SnapshotFolder } from '../../recovery/backup/snapshot-folder.ts';
import { writeMetricsFile } from '../../recovery/drill/drill-metrics.ts';
import { drillRegistry } from '../../recovery/drill/drill-registry.ts';
import type { DrillResult } from '../../recovery/drill/drill-result.ts';
import { drillTopic } from '../../recovery/drill/drill-topic.ts';
import type { Snapshot } from '../../recovery/snapshot/snapshot.ts';
import type { Finding } from '../../recovery/verify/finding.ts';
import { verifySnapshot } from '../../recovery/verify/verify-snapshot.ts';
import { UsageError } from '../exit-codes.ts';
import { type CommonOptions, withCommonOptions } from './common-options.ts';
import { openPlace } from './open-place.ts';
import { parsePlace } from './place.ts';
import { EXIT_FINDINGS, runSchemas } from './run-schemas.ts';
import type { SchemasSession } from './schemas-session.ts';

export interface DrillOptions extends CommonOptions {
  readonly into: string;
  readonly metricsFile?: string;
  readonly silentIfEqual?: boolean;
}

/** What it restores into, opened before the backup is read. */
type Drill = (snapshot: SnapshotFolder, source: string) => Promise<DrillResult>;

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
    .option('--silent-if-equal', 'say nothing at all where the copy is equal: cron mails whatever is said', false)
    .action((place: string, options: DrillOptions) => {
      const { quiet, silentIfEqual } = options;
      return runSchemas({ ...options, quiet: quiet || silentIfEqual === true }, (session) =>
        drill(session, place, options),
      );
    });
}

/**
 * Returns the exit code: that of findings where the copy differs.
 * @param text names the backup
 * @throws what drilling throws, and what writeMetricsFile throws once the result was printed
 */
export async function drill(session: SchemasSession, text: string, options: DrillOptions): Promise<number> {
  const { clock } = session;
  const begun = clock.monotonic();
  const place = parsePlace(text);
  const run = DRILLS[options.into];
  if (run === undefined) throw new UsageError(`--into must be scratch-topic or registry, not ${options.into}.`);
  const measure = async (snapshot?: SnapshotFolder, result?: DrillResult): Promise<void> => {
    if (options.metricsFile === undefined) return;
    await writeMetricsFile(options.metricsFile, {
      succeeded: result?.differences.length === 0,
      endedAt: clock.now(),
      durationMs: clock.monotonic() - begun,
      records: result === undefined ? 0 : (snapshot?.manifest.records ?? 0),
      subjects: result === undefined ? 0 : (snapshot?.manifest.subjects ?? 0),
      backupTakenAt: snapshot?.manifest.takenAt,
    });
  };
  let snapshot: SnapshotFolder | undefined;
  let result: DrillResult;
  try {
    const drilling = await run(session);
    snapshot = await openPlace(session, place);
    await check(session, snapshot);
    result = await drilling(snapshot, text);
  } catch (error) {
    // After a failure too: an alert goes by the time of the last success. Why the drill failed counts for more than that it can't be told there.
    await measure(snapshot).catch((unwritten: Error) => session.note(unwritten.message));
    throw error;
  }
  const exitCode = report(session, { place: text, result, snapshot, tookMs: clock.monotonic() - begun }, options);
  // Told already, so that it is not lost with figures that can't be written.
  await measure(snapshot, result).catch((unwritten: Error) => {
    if (exitCode === 0) throw unwritten;
    session.note(unwritten.message);
  });
  return exitCode;
}

function check({ progress, signal }: SchemasSession, snapshot: SnapshotFolder): Promise<void> {
  const { records } = snapshot.facts;
  return snapshot.check(signal, (done) => progress.report('Checking the backup', done, records));
}

const DRILLS: Readonly<Record<string, (session: SchemasSession) => Promise<Drill>>> = {
  'scratch-topic': async (session) => {
    const { signal, clock, logger, progress } = session;
    const broker = await session.broker();
    const findings = (of: Snapshot, what: string): Promise<readonly Finding[]> =>
      verifySnapshot(of, {
        signal,
        onProgress: ({ records, of: total }) => progress.report(what, records, total),
      });
    return async (snapshot, source) =>
      drillTopic(
        {
          ...{ snapshot, source, clock, broker, client: { settings: {}, logger }, progress, findings },
          temporaryFolder: await session.temporaryFolder(),
        },
        signal,
      );
  },
  registry: async (session) => {
    const { signal, clock, progress } = session;
    const registry = await session.nodes();
    if (registry === undefined) {
      throw new UsageError('--into registry needs an empty registry: give --registry with its nodes.');
    }
    const { nodes } = registry;
    return async (snapshot, source) => {
      const temporaryFolder = await session.temporaryFolder();
      return drillRegistry({ snapshot, source, nodes, clock, temporaryFolder, progress }, signal);
    };
  },
};

function report(
  session: SchemasSession,
  drilled: {
    readonly place: string;
    readonly result: DrillResult;
    readonly snapshot: SnapshotFolder;
    readonly tookMs: number;
  },
  { silentIfEqual }: DrillOptions,
): number {
  const { place, result, snapshot, tookMs } = drilled;
  const { differences, target, leftOvers } = result;
  const { records, subjects, takenAt } = snapshot.manifest;
  const taken = new Date(takenAt).toISOString();
  const isEqual = differences.length === 0;
  const what = `${place}, taken ${taken}: ${counted(records, 'record')}, ${counted(subjects, 'subject')} (deleted ones too), restored into ${target}`;
  for (const name of leftOvers) session.note(`Removed what a drill left behind: ${name}.`);
  if (isEqual && silentIfEqual === true) return 0;
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
      : [
          `drill FAILED: ${what}, ${counted(differences.length, 'difference')}`,
          ...differences.map((line) => `  ${line}`),
        ],
  });
  return isEqual ? 0 : EXIT_FINDINGS;
}
