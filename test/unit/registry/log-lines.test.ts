/** One line per change of state, with a code, whatever the number of tasks and records. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../../src/sdk/errors/codes.ts';
import { avro, byId, NODE_A, NODE_B, register, Task, WorkerOfRegistries } from './worker-of-registries.ts';

const FOLDER = join(import.meta.dirname, '../../../src/registry');

/** The calls of a logger in a text, each up to its closing bracket. */
function logCalls(text: string): string[] {
  return [...text.matchAll(/\blogger\.(?:info|warn|error|fatal)\(/g)].map(({ index, 0: begin }) => {
    let depth = 0;
    for (let at = index + begin.length - 1; at < text.length; at++) {
      if (text[at] === '(') depth += 1;
      if (text[at] === ')') depth -= 1;
      if (depth === 0) return text.slice(index, at + 1);
    }
    return text.slice(index);
  });
}

function linesOf(worker: WorkerOfRegistries): string[] {
  return worker.log.lines
    .filter(({ level }) => level !== 'debug' && level !== 'trace')
    .map(({ level, message, fields }) => `${level} ${message} [${String(fields['code'])}] ${placeOf(fields)}`.trim());
}

function placeOf(fields: Readonly<Record<string, unknown>>): string {
  const { gate, node } = fields as { readonly gate?: string; readonly node?: string };
  return node ?? gate?.replace(/^registry:[^:]*:/, '') ?? '';
}

describe('log lines of the registry client', () => {
  it('all have a code', () => {
    const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const calls = files.flatMap((file) =>
      logCalls(readFileSync(join(FOLDER, file), 'utf8')).map((call) => ({ file, call })),
    );
    expect(calls.length).toBeGreaterThan(10);
    // Fields that are put together before the call are looked at where that is.
    const without = calls.filter(({ call }) => !/\bcode\b/.test(call) && !/[,{.]\s*\.{0,3}fields\b/.test(call));
    expect(without).toEqual([]);
  });

  it('are one per change in an outage with 50 tasks, of which each asks for several things', async () => {
    const worker = new WorkerOfRegistries({ nodes: [NODE_A, NODE_B] });
    for (let id = 1; id <= 50; id++) worker.registry.put(`s${id}`, { schema: avro(`s${id}`).schema });
    const host = worker.host();
    const config = { 'schema.registry.url': `${NODE_A},${NODE_B}` };
    const tasks = Array.from({ length: 50 }, () => new Task(worker, host, config));
    worker.registry.fault = () => 'refused';
    for (const [n, task] of tasks.entries()) {
      for (const question of [byId(n + 1), byId(1), register(`new-${n}`)]) task.begin(question);
    }
    await worker.clock.advance(90_000);
    const during = linesOf(worker);
    expect(during.sort()).toEqual([
      `info A node of the schema registry is away [holdfast.registry.node] ${NODE_A}`,
      `info A node of the schema registry is away [holdfast.registry.node] ${NODE_B}`,
      'warn The schema registry is away; what needs it waits [holdfast.registry.unavailable] read',
      'warn The schema registry is away; what needs it waits [holdfast.registry.unavailable] write',
    ]);
    worker.registry.fault = () => undefined;
    await worker.clock.advance(30_000);
    expect(tasks.every(({ answer, parkedAt }) => answer?.kind === 'known' && parkedAt === undefined)).toBe(true);
    expect(
      linesOf(worker)
        .filter((line) => !during.includes(line))
        .sort(),
    ).toEqual([
      `info A node of the schema registry is back [holdfast.registry.node] ${NODE_A}`,
      `info A node of the schema registry is back [holdfast.registry.node] ${NODE_B}`,
      'info The schema registry is back; what waited goes on [holdfast.registry.unavailable] read',
      'info The schema registry is back; what waited goes on [holdfast.registry.unavailable] write',
    ]);
    expect(linesOf(worker)).toHaveLength(8);
    for (const { fields } of worker.log.lines) expect([...errorCodes().keys()]).toContain(fields['code']);
  });

  it('are one per id that is missing, not one per task or attempt', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.put('known', { schema: avro('known').schema });
    await new Task(worker, worker.host()).start(byId(1));
    const host = worker.host();
    const tasks = Array.from({ length: 50 }, () => new Task(worker, host));
    for (const task of tasks) task.begin(byId(2));
    await worker.clock.advance(60_000);
    worker.registry.put('late', { schema: avro('late').schema }, 2);
    await worker.clock.advance(60_000);
    expect(tasks.every(({ answer }) => answer?.kind === 'known')).toBe(true);
    // That it is more than lag turns out later, and is news.
    expect(linesOf(worker)).toEqual([
      'warn The schema registry lacks something; what needs it waits [holdfast.registry.id.not-seen] id:2',
      'warn The schema registry lacks something; what needs it waits [holdfast.registry.id.from-future] id:2',
      'info What waited for the schema registry goes on [holdfast.registry.id.from-future] id:2',
    ]);
  });
});
