import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import type { ParkedInfo, SinkTaskSpec, ToHost } from '../../../../src/runtime/host/protocol.ts';
import { HostClient } from '../../../../src/runtime/worker/host-client.ts';
import { SinkGroup } from '../../../../src/runtime/worker/sink-group.ts';
import { ConfigError, EnvironmentError } from '../../../../src/sdk/errors/kinds.ts';
import { logger, settle } from '../fake-task-edges.ts';
import { type FakeGroupMember, groupBroker, never } from './fake-group-member.ts';
import { ScriptedHost } from './scripted-host.ts';
import { sinkSpec } from './task-specs.ts';

const T0 = { topic: 't', partition: 0 };
const T1 = { topic: 't', partition: 1 };

let clock: ManualClock;
let host: ScriptedHost;
let failures: Error[];
let parks: (ParkedInfo | null)[];

beforeEach(() => {
  clock = new ManualClock();
  host = new ScriptedHost();
  failures = [];
  parks = [];
});

function open(spec: SinkTaskSpec = sinkSpec()): { group: SinkGroup; member: FakeGroupMember } {
  const { broker, members } = groupBroker();
  const client = new HostClient({
    connection: host,
    services: { readOffsets: async () => [], service: async () => null },
  });
  const group = new SinkGroup({
    broker,
    host: client,
    spec,
    subscription: { topics: ['t'] },
    clock,
    logger,
    onFailed: (error) => failures.push(error),
    onParked: (parked) => parks.push(parked),
    onAvailability: () => {},
  });
  const [member] = members;
  if (member === undefined) throw new Error('no member was made');
  return { group, member };
}

const assigns = (): (ToHost & { type: 'sink.assign' })[] =>
  host.posted.filter((message) => message.type === 'sink.assign');

describe('SinkGroup', () => {
  it('joins the group of the settings, or the one named after the connector', () => {
    expect(open().member.options.groupId).toBe('connect-c');
    expect(open(sinkSpec({ consumerSettings: {} })).member.options.groupId).toBe('connect-c');
    expect(open(sinkSpec({ consumerSettings: { 'group.id': 'g' } })).member.options.groupId).toBe('g');
  });

  it('hands partitions out at the committed offset, or where auto.offset.reset says', async () => {
    const { member } = open(sinkSpec({ consumerSettings: { 'auto.offset.reset': 'latest' } }));
    member.onCommitted = async () => [7, null];
    await member.listener.onAssigned([T0, T1]);
    await settle();
    expect(assigns()[0]?.partitions).toEqual([
      { ...T0, offset: 7 },
      { ...T1, offset: 'latest' },
    ]);
  });

  it('fails with auto.offset.reset=none where nothing is committed, and hands nothing out', async () => {
    const { member } = open(sinkSpec({ consumerSettings: { 'auto.offset.reset': 'none' } }));
    member.onCommitted = async () => [7, null];
    await member.listener.onAssigned([T0, T1]);
    await settle();
    expect(failures).toMatchObject([{ code: 'holdfast.sink.offset.none' }]);
    expect(assigns()).toEqual([]);
  });

  it('takes the committed offset 0 for one', async () => {
    const { member } = open(sinkSpec({ consumerSettings: { 'auto.offset.reset': 'none' } }));
    member.onCommitted = async () => [0];
    await member.listener.onAssigned([T0]);
    await settle();
    expect(assigns()[0]?.partitions).toEqual([{ ...T0, offset: 0 }]);
  });

  it('invariant 3: parks while the committed offsets cannot be read, and goes on when they can', async () => {
    const { member } = open();
    let calls = 0;
    member.onCommitted = async () => {
      if (++calls <= 3) throw new EnvironmentError('coordinator away', { code: 'holdfast.broker.unavailable' });
      return [5];
    };
    await member.listener.onAssigned([T0]);
    await settle();
    expect(parks).toMatchObject([
      { dependency: 'broker', code: 'holdfast.broker.unavailable', partitions: ['t-0'], attempts: 1 },
    ]);
    expect(parks[0]?.reason).toContain('coordinator away');
    expect(assigns()).toEqual([]);
    await clock.advance(30_000);
    await settle();
    expect(calls).toBe(4);
    expect(parks.at(-1)).toBeNull();
    expect(assigns()[0]?.partitions).toEqual([{ ...T0, offset: 5 }]);
    expect(failures).toEqual([]);
  });

  it('fails for what time cannot mend', async () => {
    const { member } = open();
    member.onCommitted = async () => {
      throw new ConfigError('not authorized', { code: 'holdfast.broker.authorization' });
    };
    await member.listener.onAssigned([T0]);
    await settle();
    expect(failures).toMatchObject([{ code: 'holdfast.broker.authorization' }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('lets go at once of partitions whose offsets it still waits for, and never hands them out', async () => {
    const { member } = open();
    let late: (offsets: readonly number[]) => void = () => {};
    member.onCommitted = () =>
      new Promise((resolve) => {
        late = resolve;
      });
    await member.listener.onAssigned([T0]);
    await member.listener.onRevoked([T0]);
    late([3]);
    await settle();
    expect(assigns()).toEqual([]);
    expect(host.posted).toEqual([]);
  });

  it('invariant 2: commits at a revocation what the host vouched for, before it returns', async () => {
    const { member } = open();
    host.onRequest = async () => ({ offsets: [{ ...T0, offset: 9 }] });
    await member.listener.onAssigned([T0]);
    await settle();
    await member.listener.onRevoked([T0]);
    expect(member.commits).toEqual([[{ ...T0, offset: 9 }]]);
  });

  it('commits nothing for partitions that were lost', async () => {
    const { member } = open();
    host.onRequest = async () => ({ offsets: [{ ...T0, offset: 9 }] });
    await member.listener.onAssigned([T0]);
    await settle();
    await member.listener.onLost([T0]);
    expect(host.posted.at(-1)).toMatchObject({ type: 'request', body: { type: 'sink.revoke', lost: true } });
    expect(member.commits).toEqual([]);
  });

  it('gives partitions up although their commit fails or takes too long', async () => {
    const { member } = open();
    host.onRequest = async () => ({ offsets: [{ ...T0, offset: 9 }] });
    member.onCommit = (_offsets, signal) => never(signal);
    await member.listener.onAssigned([T0]);
    await settle();
    const revoked = member.listener.onRevoked([T0]);
    await settle();
    await clock.advance(5_000);
    await revoked;
    expect(member.commits).toEqual([]);
  });

  it('ends a commit after offset.flush.timeout.ms, as an environment failure', async () => {
    const { group, member } = open();
    member.onCommit = (_offsets, signal) => never(signal);
    const commit = group.commit([{ ...T0, offset: 1 }]);
    commit.catch(() => {});
    await clock.advance(4_999);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(1);
    await expect(commit).rejects.toMatchObject({ name: 'EnvironmentError', code: 'holdfast.sink.commit-timeout' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('gives a commit a second even with offset.flush.timeout.ms=0', async () => {
    const { group, member } = open(sinkSpec({ offsetFlushTimeoutMs: 0 }));
    member.onCommit = () => clock.sleep(900);
    const commit = group.commit([{ ...T0, offset: 1 }]);
    await clock.advance(900);
    await commit;
    expect(member.commits).toHaveLength(1);
  });

  it('ends commits and waits when the group is left, and asks the host nothing more', async () => {
    const { group, member } = open();
    member.onCommit = (_offsets, signal) => never(signal);
    member.onClose = () => member.listener.onRevoked([T0]);
    await member.listener.onAssigned([T0]);
    await settle();
    const commit = group.commit([{ ...T0, offset: 1 }]);
    commit.catch(() => {});
    await group.close();
    await expect(commit).rejects.toThrow('stopped');
    expect(host.types()).not.toContain('request');
    expect(clock.pendingTimers).toBe(0);
  });
});
