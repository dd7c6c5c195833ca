/** A worker that has to bear plugins which do what no plugin should (`test/fixtures/plugins/misbehaving.mjs`). */
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { answersWithinASecond } from './answers-within-a-second.ts';
import { parseExposition } from './exposition.ts';
import { tempDir } from './temp-dir.ts';
import { eventually, WorkerProcess } from './worker-process.ts';

export type Config = Readonly<Record<string, string>>;

interface Stuck {
  readonly method: string | null;
  readonly loop_blocked: boolean;
}

export interface State {
  readonly state: string;
  readonly trace?: string;
  readonly stuck?: Stuck;
}

/** A connector that misbehaves in one method. */
export interface Case {
  readonly name: string;
  /** As the worker names it. */
  readonly method: string;
  readonly isOfConnector: boolean;
  readonly config: Config;
  /** What makes it call the method; creating it does for most. */
  readonly trigger?: readonly [method: string, path: string, body?: unknown];
}

export const TRANSFORMED = { transforms: 'odd', 'transforms.odd.type': 'com.example.MisbehavingTransformation' };
let dir = '';
let worker: WorkerProcess;

/** Starts one worker for the tests of a file, with a connector `good` that behaves; it has to stop in time, whatever they leave. */
export function withMisbehavingWorker(settings: Config = {}): void {
  beforeAll(async () => {
    dir = tempDir('misbehaving');
    worker = await WorkerProcess.start({
      dir,
      bootstrapServers: `embedded:${join(dir, 'broker')}`,
      settings: {
        'plugin.path': join(import.meta.dirname, '..', 'fixtures', 'plugins'),
        'task.shutdown.graceful.timeout.ms': '1500',
        'task.call.warn.ms': '500',
        ...settings,
      },
      connectors: { good: source() },
    });
  });
  afterAll(async () => {
    // Whatever still blocks or hangs: the tasks' deadline, and Kafka Connect's five seconds for a connector's own stop. It is killed if it
    // takes much longer, as with a deadline for each of them.
    expect(await worker.stop(15_000)).toEqual({ code: 0, signal: null });
  });
}

export function theWorker(): WorkerProcess {
  return worker;
}

/** A file of the name `what`-is-over in the worker's folder: once it is there, those whose `once` it is behave. */
export function over(what: string): string {
  return join(dir, `${what}-is-over`);
}

export function source(more: Config = {}): Config {
  return { 'connector.class': 'com.example.MisbehavingSource', 'tasks.max': '2', topic: 't', ...more };
}

export function sink(more: Config = {}): Config {
  return { 'connector.class': 'com.example.MisbehavingSink', topics: 't', ...more };
}

export async function statusOf(name: string): Promise<{ readonly connector: State; readonly tasks: readonly State[] }> {
  return answersWithinASecond(() => worker.status(name));
}

export async function task(name: string, index = 0): Promise<State> {
  return (await statusOf(name)).tasks[index] ?? { state: 'none' };
}

/** May take as long as the plugin; resolves with the answer's status, 0 for none. */
export function send(method: string, path: string, body?: unknown): Promise<number> {
  return worker.send(method, path, body).then(
    ({ status }) => status,
    () => 0,
  );
}

export function create(name: string, config: Config): Promise<number> {
  return send('POST', '/connectors', { name, config });
}

/** How far the offset of a connector's source partition has come. */
export async function progress(name: string, index = '0'): Promise<number> {
  const { body } = await worker.request('GET', `/connectors/${name}/offsets`);
  const { offsets } = body as { offsets: { partition: { index: string }; offset: { n: number } }[] };
  return offsets.find(({ partition }) => partition.index === index)?.offset.n ?? -1;
}

export async function goesOn(name: string, index = '0'): Promise<void> {
  const before = await progress(name, index);
  await eventually(`${name} goes on`, async () => (await progress(name, index)) > before + 3);
}

export async function logged(message: string, fields: object): Promise<void> {
  await eventually(`${message} ${JSON.stringify(fields)}`, () => linesOf(message, fields).length > 0);
}

export function linesOf(message: string, fields: object): readonly Readonly<Record<string, unknown>>[] {
  return worker.process.lines
    .filter((line) => line.includes(message))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
    .filter((line) => contains(line, fields));
}

export function contains(line: Readonly<Record<string, unknown>>, fields: object): boolean {
  return Object.entries(fields).every(([key, value]) => line[key] === value);
}

/** Cases in methods of tasks, transformations and connectors. */
export function cases(what: string, isolation: string): readonly Case[] {
  const one = (method: string, config: Config, isOfConnector = false): Case => {
    const name = `${what}-${isolation}-${isOfConnector ? 'connector-' : ''}${method}`;
    return {
      name,
      method,
      isOfConnector,
      config: { 'task.isolation': isolation, once: over(what), ...config },
    };
  };
  const ofConnector = (method: string): Case => one(method, source({ act: `connector-${method}:${what}` }), true);
  const committing = sink({ 'connector.class': 'com.example.MisbehavingCommittingSink', act: `preCommit:${what}` });
  return [
    one('start', source({ act: `start:${what}` })),
    one('commit', source({ act: `commit:${what}` })),
    one('open', sink({ act: `open:${what}` })),
    one('put', sink({ act: `put:${what}` })),
    one('flush', sink({ act: `flush:${what}` })),
    one('preCommit', committing),
    ofConnector('start'),
    ofConnector('taskConfigs'),
    ...['stop', 'close'].map((method) => {
      const each = one(method, sink({ act: `${method}:${what}` }));
      return { ...each, trigger: ['DELETE', `/connectors/${each.name}`] as const };
    }),
  ];
}

/** Creates them, and has each call its method. */
export async function begin(all: readonly Case[]): Promise<void> {
  const begun: Promise<void>[] = [];
  for (const { name, config, trigger } of all) {
    const created = create(name, config);
    // One after the other, as far as that goes: then they are validated in one thread.
    if (!config['act']?.startsWith('connector-validate')) await eventually(`${name} exists`, () => statusOf(name));
    const rest = async (): Promise<void> => {
      if (trigger === undefined) return;
      expect(await created).toBe(201);
      await eventually(`${name} runs`, async () => (await task(name)).state === 'RUNNING');
      await worker.process.waitForLine(`opened: ${name}`);
      void send(...trigger);
    };
    begun.push(rest());
  }
  await Promise.all(begun);
}

export async function remove(all: readonly Case[]): Promise<void> {
  await Promise.all(all.map(({ name }) => send('DELETE', `/connectors/${name}`)));
}

/** `connector task method` of every call that /metrics shows as stuck. */
export async function stuckInMetrics(): Promise<readonly string[]> {
  const response = await fetch(`${worker.url}/metrics`);
  return parseExposition(await response.text())
    .filter(({ name }) => name === 'holdfast_plugin_call_stuck')
    .map(({ labels }) => `${labels['connector']} ${labels['task']} ${labels['method']}`);
}

/** The status of the task or connector names the method, and so do the metrics; unless it is on its way out. */
export async function isNamed({ name, method, isOfConnector, trigger }: Case, blocked: boolean): Promise<void> {
  if (trigger !== undefined) return;
  await eventually(`${name} is named`, async () => {
    const { connector, tasks } = await statusOf(name);
    const { stuck } = (isOfConnector ? connector : tasks[0]) ?? {};
    return stuck?.method === method && stuck.loop_blocked === blocked;
  });
  const labels = `${name} ${isOfConnector ? '' : '0'} ${method}`;
  await eventually(`${labels} in the metrics`, async () => (await stuckInMetrics()).includes(labels));
}
