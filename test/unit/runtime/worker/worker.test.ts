import { beforeEach, describe, expect, it } from 'vitest';
import type { Broker } from '../../../../src/broker/ports.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import type { FromHost, ParkedInfo, TaskId } from '../../../../src/runtime/host/protocol.ts';
import { SnapshotGates } from '../../../../src/runtime/parking/mirrored-gates.ts';
import type { ParkListener } from '../../../../src/runtime/worker/park-watch.ts';
import { Worker } from '../../../../src/runtime/worker/worker.ts';
import type { TaskListener } from '../../../../src/runtime/worker/worker-task.ts';
import type { GateSnapshot } from '../../../../src/sdk/dependency-gate.ts';
import { errorToWire } from '../../../../src/sdk/errors/error-wire.ts';
import { MemoryOffsetBackingStore } from '../../../../src/storage/memory-offset-backing-store.ts';
import { logger, settle, snapshot } from '../fake-task-edges.ts';
import { groupBroker, never } from './fake-group-member.ts';
import { ScriptedHost } from './scripted-host.ts';
import { sinkSpec, sourceSpec } from './task-specs.ts';

const C0: TaskId = { connector: 'c', task: 0 };
const PARKED: ParkedInfo = {
  dependency: 'schema registry (writes)',
  gateId: 'g',
  reason: 'refused',
  code: 'x',
  partitions: [],
  since: 0,
  attempts: 1,
  nextProbeAt: null,
};

class Heard implements TaskListener {
  readonly lines: string[] = [];
  parked: ParkedInfo | null = null;
  onRunning = (): void => void this.lines.push('RUNNING');
  onPaused = (): void => void this.lines.push('PAUSED');
  onFailure = (_id: TaskId, error: Error): void => void this.lines.push(`FAILED ${error.message}`);
  onParked = (_id: TaskId, parked: ParkedInfo | null): void => {
    this.parked = parked;
    this.lines.push(parked === null ? 'unparked' : 'parked');
  };
  onTopics = (_id: TaskId, topics: readonly string[]): void => void this.lines.push(`topics ${topics.join(',')}`);
}

let clock: ManualClock;
let hosts: ScriptedHost[];
let store: MemoryOffsetBackingStore;
let heard: Heard;
/** What services were told of the ends of the hosts that asked. */
let ends: AbortSignal[];
let changeGate: (gate: GateSnapshot) => void;

beforeEach(() => {
  clock = new ManualClock();
  hosts = [];
  store = new MemoryOffsetBackingStore();
  heard = new Heard();
  ends = [];
});

function openWorker(broker: Broker = groupBroker().broker, onPark: ParkListener = () => {}): Worker {
  return new Worker({
    onPark,
    clock,
    logger,
    broker,
    offsetStore: store,
    openHost: () => {
      const host = new ScriptedHost();
      hosts.push(host);
      return host;
    },
    services: {
      echo: async (body, hostEnds) => {
        ends.push(hostEnds);
        return body;
      },
    },
    gates: {
      snapshots: () => [snapshot('g', 'closed')],
      onChange: (listener) => {
        changeGate = listener;
        return () => {};
      },
      get: () => new SnapshotGates().get('g'),
    },
    offsetFlushIntervalMs: 1_000,
    gracefulTimeoutMs: 5_000,
  });
}

function hostAt(index: number): ScriptedHost {
  const host = hosts[index];
  if (host === undefined) throw new Error(`there are ${hosts.length} hosts`);
  return host;
}

/** Its tasks never end by themselves. */
function hangAtStop(host: ScriptedHost): void {
  host.onPosted = (message) => message.type === 'task.stop';
}

const failed = (id: TaskId, message: string): FromHost => ({
  type: 'task.failed',
  id,
  error: errorToWire(new Error(message)),
});

describe('Worker', () => {
  it('tells what its tasks say, and asks for a commit at every interval', async () => {
    const worker = openWorker();
    await worker.start();
    worker.startTask(sourceSpec(), null, heard);
    await settle();
    const host = hostAt(0);
    expect(host.types()).toEqual(['gate.changed', 'task.start']);
    host.emit({ type: 'task.topics', id: C0, topics: ['a', 'b'] });
    host.emit({ type: 'task.counters', id: C0, counters: { 'source-record-poll-total': 3 }, plugins: [] });
    host.emit({ type: 'task.parked', id: C0, parked: PARKED });
    host.emit({ type: 'task.parked', id: C0, parked: null });
    expect(heard.lines).toEqual(['RUNNING', 'topics a,b', 'parked', 'unparked']);
    expect(worker.counters(C0)).toEqual({ 'source-record-poll-total': 3 });
    await clock.advance(2_500);
    expect(host.types().filter((type) => type === 'task.commit')).toHaveLength(2);
    worker.setTaskTarget(C0, 'PAUSED');
    await settle();
    expect(heard.lines.at(-1)).toBe('PAUSED');
  });

  it('tells whoever listens when a task is parked and when it goes on, or ends', async () => {
    const events: string[] = [];
    const worker = openWorker(undefined, ({ type, id, durationMs }) =>
      events.push(`${type} ${id.connector}-${id.task} ${durationMs}`),
    );
    await worker.start();
    worker.startTask(sourceSpec(), null, heard);
    await settle();
    hostAt(0).emit({ type: 'task.parked', id: C0, parked: PARKED });
    await clock.advance(70);
    hostAt(0).emit({ type: 'task.failed', id: C0, error: errorToWire(new Error('park limit')) });
    hostAt(0).emit({ type: 'task.parked', id: C0, parked: PARKED });
    expect(events).toEqual(['begun c-0 0', 'ended c-0 70']);
  });

  it('mirrors changes of gates into every host, and answers questions of hosts', async () => {
    const worker = openWorker();
    await worker.start();
    worker.startTask(sourceSpec(), null, heard);
    changeGate(snapshot('g', 'open'));
    expect(hostAt(0).posted.at(-1)).toMatchObject({ type: 'gate.changed', gate: { id: 'g', state: 'open' } });
    await store.set(new Map([['["c",{"file":"f"}]', '{"position":4}']]));
    expect(
      await hostAt(0).ask({ type: 'offsets.read', connector: 'c', partitions: [{ file: 'f' }, { file: 'g' }] }),
    ).toMatchObject({
      ok: true,
      value: [{ position: 4 }, null],
    });
    expect(await hostAt(0).ask({ type: 'service', service: 'echo', body: 1 })).toMatchObject({ ok: true, value: 1 });
    expect(await hostAt(0).ask({ type: 'service', service: 'nope', body: 1 })).toMatchObject({
      ok: false,
      error: { code: 'holdfast.worker.service-unknown' },
    });
  });

  it('ends the thread of an alterOffsets that was given up', async () => {
    const worker = openWorker();
    const desc = { type: 'source', className: 'c', module: 'file:///c.js', version: '1' } as never;
    const placement = { isolation: 'shared', memoryMaxMb: 0 } as const;
    const altered = { config: {}, offsets: [] };
    const cancelled = new AbortController();
    const altering = worker.questions.alterOffsets('c', desc, placement, altered, cancelled.signal);
    hostAt(0).onRequest = () => new Promise(() => {});
    cancelled.abort(new Error('given up'));
    await expect(altering).rejects.toThrow('given up');
    expect(hostAt(0).isClosed).toBe(true);
  });

  it('invariant 1: answers a commit of a source only when its offsets are durable, with the error when they are not', async () => {
    const worker = openWorker();
    worker.startTask(sourceSpec(), null, heard);
    const committable = { kind: 'source', offsets: [{ partition: { file: 'f' }, offset: { position: 1 } }] } as const;
    expect(await hostAt(0).ask({ type: 'task.committable', id: C0, committable })).toMatchObject({ ok: true });
    expect(await store.entries()).toEqual([['["c",{"file":"f"}]', '{"position":1}']]);
    store.set = async () => {
      throw new Error('disk full');
    };
    expect(await hostAt(0).ask({ type: 'task.committable', id: C0, committable })).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('disk full') },
    });
    const unknown = { connector: 'c', task: 1 };
    expect(await hostAt(0).ask({ type: 'task.committable', id: unknown, committable })).toMatchObject({ ok: false });
  });

  it('commits the offsets of a sink in its group, within offset.flush.timeout.ms', async () => {
    const { broker, members } = groupBroker();
    const worker = openWorker(broker);
    worker.startTask(sinkSpec(), { topics: ['t'] }, heard);
    expect(members[0]?.isStarted).toBe(false);
    await settle();
    const [member] = members;
    expect(member?.isStarted).toBe(true);
    const committable = { kind: 'sink', offsets: [{ topic: 't', partition: 0, offset: 3 }] } as const;
    expect(await hostAt(0).ask({ type: 'task.committable', id: C0, committable })).toMatchObject({ ok: true });
    expect(member?.commits).toEqual([committable.offsets]);
    if (member !== undefined) member.onCommit = (_offsets, signal) => never(signal);
    const late = hostAt(0).ask({ type: 'task.committable', id: C0, committable });
    await clock.advance(5_000);
    expect(await late).toMatchObject({ ok: false, error: { code: 'holdfast.sink.commit-timeout' } });
  });

  it('shows that a group waits for its broker, unless the task itself is parked', async () => {
    const { broker, members } = groupBroker();
    const worker = openWorker(broker);
    worker.startTask(sinkSpec(), { topics: ['t'] }, heard);
    await settle();
    const [member] = members;
    if (member === undefined) throw new Error('no member');
    member.onCommitted = async () => {
      throw new Error('away');
    };
    await member.listener.onAssigned([{ topic: 't', partition: 0 }]);
    await settle();
    expect(heard.parked?.dependency).toBe('broker');
    hostAt(0).emit({ type: 'task.parked', id: C0, parked: PARKED });
    expect(heard.parked?.dependency).toBe('schema registry (writes)');
    hostAt(0).emit({ type: 'task.parked', id: C0, parked: null });
    expect(heard.parked?.dependency).toBe('broker');
    member.onCommitted = async () => [0];
    await clock.advance(10_000);
    expect(heard.parked).toBeNull();
  });

  it('leaves the group only after the task has ended, and once', async () => {
    const { broker, members } = groupBroker();
    const worker = openWorker(broker);
    worker.startTask(sinkSpec(), { topics: ['t'] }, heard);
    await settle();
    const host = hostAt(0);
    hangAtStop(host);
    const stopped = worker.stopTasks([C0]);
    await settle();
    expect(members[0]?.closes).toBe(0);
    host.emit({ type: 'task.ended', id: C0 });
    await stopped;
    expect(members[0]?.closes).toBe(1);
    expect(worker.tasksOf('c')).toEqual([]);
  });

  it('fails a task with its group, asks it to end, and lets nothing it says afterwards count', async () => {
    const { broker, members } = groupBroker();
    const worker = openWorker(broker);
    worker.startTask(sinkSpec(), { topics: ['t'] }, heard);
    await settle();
    hangAtStop(hostAt(0));
    members[0]?.listener.onFailed(new Error('fenced'));
    hostAt(0).emit({ type: 'task.state', id: C0, state: 'RUNNING' });
    hostAt(0).emit({ type: 'task.parked', id: C0, parked: PARKED });
    hostAt(0).emit(failed(C0, 'another'));
    expect(heard.lines).toEqual(['RUNNING', 'FAILED fenced']);
    expect(hostAt(0).types()).toContain('task.stop');
    hostAt(0).emit({ type: 'task.ended', id: C0 });
    await settle();
    expect(members[0]?.closes).toBe(1);
    // A restart stops it first: that must not wait for what has ended.
    await worker.stopTasks([C0]);
    expect(members[0]?.closes).toBe(1);
  });

  it('abandons a task at the one deadline, ignores what it still says, and runs it anew in a fresh host', async () => {
    const worker = openWorker();
    await worker.start();
    worker.startTask(sourceSpec('c', 0), null, heard);
    const others = new Heard();
    worker.startTask(sourceSpec('c', 1), null, others);
    await settle();
    expect(hosts).toHaveLength(1);
    hostAt(0).onPosted = (message) => message.type === 'task.stop' && message.id.task === 0;
    const stopped = worker.stopTasks([C0]);
    await clock.advance(5_000);
    await stopped;
    const before = [...heard.lines];
    const again = new Heard();
    worker.startTask(sourceSpec('c', 0), null, again);
    await settle();
    expect(hosts).toHaveLength(2);
    expect(hostAt(1).started()).toEqual([C0]);
    expect(again.lines).toEqual(['RUNNING']);

    hostAt(0).emit({ type: 'task.state', id: C0, state: 'PAUSED' });
    hostAt(0).emit({ type: 'task.topics', id: C0, topics: ['late'] });
    hostAt(0).emit({ type: 'task.parked', id: C0, parked: PARKED });
    hostAt(0).emit(failed(C0, 'late'));
    const committable = { kind: 'source', offsets: [{ partition: {}, offset: { position: 1 } }] } as const;
    expect(await hostAt(0).ask({ type: 'task.committable', id: C0, committable })).toMatchObject({ ok: false });
    expect(heard.lines).toEqual(before);
    expect(again.lines).toEqual(['RUNNING']);
    expect(await store.entries()).toEqual([]);
  });

  it('closes a host in which nothing but abandoned tasks is left, and services that it asked hear of its end', async () => {
    const worker = openWorker();
    worker.startTask(sourceSpec(), null, heard);
    await settle();
    await hostAt(0).ask({ type: 'service', service: 'echo', body: 1 });
    hangAtStop(hostAt(0));
    const stopped = worker.stopTasks([C0]);
    await clock.advance(4_999);
    expect(ends.map(({ aborted }) => aborted)).toEqual([false]);
    await clock.advance(1);
    await stopped;
    expect(hostAt(0).isClosed).toBe(true);
    expect(ends.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it('stops all tasks within one deadline, then closes its hosts, and starts nothing more', async () => {
    const { broker, members } = groupBroker();
    const worker = openWorker(broker);
    worker.startTask(sinkSpec(), { topics: ['t'] }, heard);
    worker.startTask(sourceSpec('d'), null, heard);
    await settle();
    hangAtStop(hostAt(0));
    if (members[0] !== undefined) members[0].onClose = (signal) => never(signal);
    let done = false;
    const stopped = worker.stop().then(() => {
      done = true;
    });
    await clock.advance(5_000);
    expect(done).toBe(false);
    // A second more for the group to be left.
    await clock.advance(1_000);
    await stopped;
    expect(hostAt(0).isClosed).toBe(true);
    expect(() => worker.startTask(sourceSpec(), null, heard)).toThrow('The worker stops.');
  });
});
