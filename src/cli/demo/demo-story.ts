/**
 * What happens in the demo: a steady pipeline flows; the registry's primary is taken away; a newcomer whose schema the registry does not know
 * starts, parks, and goes on when the primary is back. Then everything that arrived is compared with everything that was there.
 */
import { join } from 'node:path';
import { systemClock } from '../../foundation/clock.ts';
import type { Herder } from '../../runtime/herder/herder.ts';
import { audit } from './audit.ts';
import type { DemoConsole } from './demo-console.ts';
import type { PipelineReport } from './demo-report.ts';
import type { DemoTable, DemoTables } from './demo-tables.ts';
import type { DemoWorker } from './demo-worker.ts';
import { LineCounter } from './line-counter.ts';
import { readJsonLines, readTable } from './table-files.ts';

/** How long the steady pipeline flows before the outage, and how long the outage lasts. */
const CALM_MS = 2_000;
const OUTAGE_MS = 5_000;
const LOOK_EVERY_MS = 50;
/** Nothing more may arrive for so long before the audit: a duplicate would come late. */
const SETTLE_MS = 700;
/** A task that has something to register is parked by then. */
const PARK_WITHIN_MS = 3_000;
/** Then the audit comes all the same. */
const STALLED_MS = 10_000;

interface Pipeline {
  readonly table: DemoTable;
  readonly output: string;
  readonly counter: LineCounter;
  readonly rows: number;
  readonly before: number;
  delivered: number;
  parkedMs: number;
  resumedAfterMs: number | null;
}

/** null when it was interrupted. */
export async function runStory(options: {
  readonly demo: DemoWorker;
  readonly tables: DemoTables;
  readonly folder: string;
  readonly screen: DemoConsole;
  /** The earlier run had no chance to commit. */
  readonly wasKilled: boolean;
  readonly signal: AbortSignal;
}): Promise<readonly PipelineReport[] | null> {
  const { demo, tables, folder, screen, wasKilled, signal } = options;
  const steady = await openPipeline(tables.steady, folder);
  const newcomer = await openPipeline(tables.newcomer, folder);
  const pipelines = [steady, newcomer];
  try {
    await startPipeline(demo.worker.herder, steady, screen);
    const isResumed = pipelines.some(({ before }) => before > 0);
    if (isResumed) {
      screen.say(
        wasKilled
          ? 'An earlier run was killed and is resumed: what it had not committed comes again, at least once.'
          : 'An earlier run is resumed: what it delivered is not read again.',
      );
    }
    if (pipelines.every(({ before, rows }) => before >= rows)) {
      await startPipeline(demo.worker.herder, newcomer, screen);
      screen.say('Everything had been delivered by an earlier run. Use --fresh to start over.');
    } else {
      await watch(pipelines, screen, signal, CALM_MS);
      await outage(demo, pipelines, newcomer, screen, signal);
    }
    await untilDelivered(pipelines, screen, signal);
    await watch(pipelines, screen, signal, SETTLE_MS);
    return await Promise.all(pipelines.map((pipeline) => reportOf(demo.worker.herder, pipeline)));
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

/** Invariants 3 and 4, to be watched. */
async function outage(
  demo: DemoWorker,
  pipelines: readonly Pipeline[],
  newcomer: Pipeline,
  screen: DemoConsole,
  signal: AbortSignal,
): Promise<void> {
  const { herder } = demo.worker;
  // Its nodes stay up: what is asked of them is refused, in the words of a registry between two primaries.
  await demo.registry.takePrimaryAway({ how: 'unelect' });
  screen.say(
    `The registry has lost its primary: its nodes answer reads, and refuse every new schema. It stays so for ${OUTAGE_MS / 1000} s.`,
  );
  await startPipeline(herder, newcomer, screen);
  const steadyBefore = pipelines[0]?.delivered ?? 0;
  const parkedFrom = await parkedSince(herder, newcomer, pipelines, screen, signal);
  await watch(pipelines, screen, signal, OUTAGE_MS);
  const flowed = (pipelines[0]?.delivered ?? 0) - steadyBefore;
  screen.say(
    `${pipelines[0]?.table.name}: ${flowed.toLocaleString('en-US')} records flowed on meanwhile, for their schema is known.`,
  );
  await demo.registry.restorePrimary();
  const usableAt = performance.now();
  screen.say('The registry has a primary again.');
  if (parkedFrom === null) return;
  await until(pipelines, screen, signal, () => newcomer.delivered > newcomer.before);
  newcomer.resumedAfterMs = performance.now() - usableAt;
  screen.say(
    `${newcomer.table.name}: the task goes on; its first record arrived ${Math.round(newcomer.resumedAfterMs)} ms after the registry was usable.`,
  );
}

/** Waits until the newcomer's task says that it is parked; null when it has nothing to wait for. */
async function parkedSince(
  herder: Herder,
  newcomer: Pipeline,
  pipelines: readonly Pipeline[],
  screen: DemoConsole,
  signal: AbortSignal,
): Promise<number | null> {
  const name = sourceName(newcomer.table);
  let parked: Awaited<ReturnType<Herder['taskStatus']>>['parked'] = null;
  const deadline = performance.now() + PARK_WITHIN_MS;
  await until(pipelines, screen, signal, async () => {
    const status = await herder.taskStatus({ connector: name, task: 0 });
    if (status.state === 'FAILED') throw new Error(`The task of ${name} failed, which it must not:\n${status.trace}`);
    parked = status.parked;
    return parked !== null || newcomer.delivered > newcomer.before || performance.now() > deadline;
  });
  const found = parked as Awaited<ReturnType<Herder['taskStatus']>>['parked'];
  if (found === null) {
    screen.say(
      `${newcomer.table.name}: its schema is known from an earlier run, or it has nothing left to send: it waits for nothing.`,
    );
    return null;
  }
  screen.say(
    `${newcomer.table.name}: the task is parked and stays RUNNING. It waits for: ${found.dependency} (${found.reason})`,
  );
  return found.since;
}

async function openPipeline(table: DemoTable, folder: string): Promise<Pipeline> {
  const output = join(folder, 'output', `${table.name}.jsonl`);
  const counter = new LineCounter(output);
  const before = await counter.count();
  const rows = (await readTable(table.path)).length;
  return { table, output, counter, rows, before, delivered: before, parkedMs: 0, resumedAfterMs: null };
}

async function startPipeline(herder: Herder, { table, output }: Pipeline, screen: DemoConsole): Promise<void> {
  const source = {
    'connector.class': 'io.holdfast.connect.file.RecordFileSourceConnector',
    'tasks.max': '1',
    file: table.path,
    format: 'csv',
    topic: table.name,
    'schema.name': table.recordName,
    'max.records.per.second': String(table.recordsPerSecond),
  };
  const sink = {
    'connector.class': 'io.holdfast.connect.file.RecordFileSinkConnector',
    'tasks.max': '1',
    topics: table.name,
    file: output,
    format: 'jsonl',
  };
  await herder.putConnectorConfig(sourceName(table), { name: sourceName(table), ...source }, { allowReplace: false });
  await herder.putConnectorConfig(sinkName(table), { name: sinkName(table), ...sink }, { allowReplace: false });
  screen.say(`${table.name}: ${table.path} → Avro → topic ${table.name} → Avro → ${output}`);
}

function sourceName(table: DemoTable): string {
  return `${table.name}-source`;
}

function sinkName(table: DemoTable): string {
  return `${table.name}-sink`;
}

/** Looks every now and then, shows how far it is, until the condition holds. */
async function until(
  pipelines: readonly Pipeline[],
  screen: DemoConsole,
  signal: AbortSignal,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  for (;;) {
    for (const pipeline of pipelines) pipeline.delivered = await pipeline.counter.count();
    screen.status(
      pipelines
        .map(
          ({ table, delivered, rows }) =>
            `${table.name} ${delivered.toLocaleString('en-US')} of ${rows.toLocaleString('en-US')}`,
        )
        .join('   '),
    );
    if (await condition()) return;
    await systemClock.sleep(LOOK_EVERY_MS, signal);
  }
}

/** Until every row has arrived, or nothing has arrived for so long that the audit shall say what is missing. */
async function untilDelivered(pipelines: readonly Pipeline[], screen: DemoConsole, signal: AbortSignal): Promise<void> {
  let seen = -1;
  let changedAt = performance.now();
  await until(pipelines, screen, signal, () => {
    const delivered = pipelines.reduce((sum, pipeline) => sum + pipeline.delivered, 0);
    if (delivered !== seen) {
      seen = delivered;
      changedAt = performance.now();
    }
    const isStalled = performance.now() - changedAt > STALLED_MS;
    if (isStalled) screen.say(`Nothing has arrived for ${STALLED_MS / 1000} s, though rows are missing.`);
    return isStalled || pipelines.every((pipeline) => pipeline.delivered >= pipeline.rows);
  });
}

function watch(pipelines: readonly Pipeline[], screen: DemoConsole, signal: AbortSignal, forMs: number): Promise<void> {
  const end = performance.now() + forMs;
  return until(pipelines, screen, signal, () => performance.now() >= end);
}

async function reportOf(herder: Herder, pipeline: Pipeline): Promise<PipelineReport> {
  const { table, output, before, resumedAfterMs } = pipeline;
  const source = await herder.taskCounters({ connector: sourceName(table), task: 0 });
  return {
    name: table.name,
    before,
    read: source['source-record-poll-total'] ?? 0,
    produced: source['source-record-write-total'] ?? 0,
    delivered: pipeline.delivered - before,
    audit: audit(await readTable(table.path), await readJsonLines(output)),
    parkedMs: source['parked-time-ms-total'] ?? 0,
    resumedAfterMs,
    output,
  };
}
