import { describe, expect, it } from 'vitest';
import type { Broker } from '../../../../src/broker/ports.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { createInlineTaskHost } from '../../../../src/runtime/host/inline-host.ts';
import { Link, type MessagePort } from '../../../../src/runtime/host/link.ts';
import type {
  ControlRequest,
  FromHost,
  HostRequest,
  SinkTaskSpec,
  SourceTaskSpec,
  ToHost,
} from '../../../../src/runtime/host/protocol.ts';
import { SnapshotGates } from '../../../../src/runtime/parking/mirrored-gates.ts';
import type { ConverterContext } from '../../../../src/sdk/converter.ts';
import { ConfigError, EnvironmentError, errorFromWire } from '../../../../src/sdk/errors/index.ts';
import type { SourceRecord } from '../../../../src/sdk/record/source-record.ts';
import type { SchemaView } from '../../../../src/sdk/schema-view.ts';
import type { OffsetMap, SourceTaskContext } from '../../../../src/sdk/task.ts';
import { FakeAdmin, FakeFetcher, FakeProducer } from '../fake-clients.ts';
import {
  FakeHeaderConverter,
  FakeStringConverter,
  logger,
  NO_TOLERANCE,
  settle,
  snapshot,
} from '../fake-task-edges.ts';
import { RecordingSinkTask } from '../sink/sink-harness.ts';
import { record, ScriptedSourceTask } from '../source/source-harness.ts';

type FromHostNotice = Exclude<FromHost, { type: 'answer' | 'request' | 'cancel' }>;
type ToHostNotice = Exclude<ToHost, { type: 'answer' | 'request' | 'cancel' }>;

const GATE = 'registry:default:write';
const id = { connector: 'c', task: 0 };
const ref = (className: string) => ({ module: 'file:///plugin.js', className });

function harness() {
  const clock = new ManualClock();
  const producer = new FakeProducer();
  const fetcher = new FakeFetcher(clock);
  const admin = new FakeAdmin();
  const gates = new SnapshotGates();
  const source = new ScriptedSourceTask();
  const sink = new RecordingSinkTask();
  const value = new FakeStringConverter();
  const configured: Record<string, string>[] = [];
  let context: ConverterContext | null = null;
  const broker: Broker = {
    kind: 'embedded',
    producer: () => producer,
    fetcher: () => fetcher,
    logReader: () => {
      throw new Error('reading logs as they lie is no business of a host');
    },
    groupMember: () => {
      throw new Error('group membership is no business of a host');
    },
    protocolMember: () => {
      throw new Error('group membership is no business of a host');
    },
    admin: () => admin.asAdmin(),
    close: async () => {},
  };
  const exclaim = class {
    configure(): void {}
    apply(each: SourceRecord): SourceRecord {
      return each.newRecord({ value: `${each.value}!` });
    }
  };
  const isV1 = class {
    configure(): void {}
    test(each: SourceRecord): boolean {
      return each.value === 'v1';
    }
  };
  value.configure = (...args: unknown[]) => {
    configured.push(args[0] as Record<string, string>);
    context = args[1] as ConverterContext;
  };
  const classes: Record<string, new () => unknown> = {
    Source: class {
      taskClass() {
        return function create() {
          return source;
        };
      }
    },
    Sink: class {
      taskClass() {
        return function create() {
          return sink;
        };
      }
    },
    StringConverter: function create() {
      return value;
    } as unknown as new () => unknown,
    HeaderConverter: FakeHeaderConverter,
    Exclaim: exclaim,
    IsV1: isV1,
  };
  const asked: unknown[] = [];
  const connection = createInlineTaskHost({
    broker,
    plugins: {
      load: async ({ className }) => {
        const create = classes[className];
        if (create === undefined) throw new ConfigError(`No class ${className}.`);
        return create;
      },
    },
    schemaViews: (config, { ask }) => {
      asked.push(config);
      return { registryId: 'default', resolve: async () => void (await ask({ question: 1 })) } as unknown as SchemaView;
    },
    gates,
    clock,
    logger,
    cloneMessages: true,
  });
  const notices: FromHostNotice[] = [];
  const requests: ControlRequest[] = [];
  const answers: { offsets: (OffsetMap | null)[] } = { offsets: [] };
  const link = new Link<ToHostNotice, HostRequest, FromHostNotice, ControlRequest>({
    port: connection as MessagePort<ToHost, FromHost>,
    onNotice: (notice) => notices.push(notice),
    onRequest: async (body) => {
      requests.push(body);
      if (body.type === 'offsets.read') return answers.offsets;
      if (body.type === 'service') throw new EnvironmentError('registry away', { gateId: GATE });
      return undefined;
    },
  });
  const base = {
    id,
    taskConfig: { file: 'a' },
    keyConverter: { ...ref('StringConverter'), config: {} },
    valueConverter: { ...ref('StringConverter'), config: { 'schema.registry.url': 'http://r' } },
    headerConverter: { ...ref('HeaderConverter'), config: {} },
    transformations: [],
    errors: NO_TOLERANCE,
    initialState: 'STARTED' as const,
    producerSettings: {},
    consumerSettings: {},
    adminSettings: {},
    hostSettings: {},
    offsetFlushTimeoutMs: 5_000,
  };
  const sourceSpec: SourceTaskSpec = { ...base, kind: 'source', connectorClass: ref('Source'), topicCreation: null };
  const sinkSpec: SinkTaskSpec = { ...base, kind: 'sink', connectorClass: ref('Sink') };
  return {
    clock,
    producer,
    fetcher,
    gates,
    source,
    sink,
    value,
    configured,
    context: () => context,
    connection,
    link,
    notices,
    requests,
    answers,
    asked,
    sourceSpec,
    sinkSpec,
    types: () => notices.map(({ type }) => type).filter((type) => type !== 'task.counters'),
  };
}

describe('TaskHost, inline, with every message cloned', () => {
  it('runs a source task: state, topics, commit, counters, end', async () => {
    const h = harness();
    h.source.add([record('v0', 0), record('v1', 1)]);
    const transformations = [
      {
        ...ref('Exclaim'),
        alias: 'e',
        config: {},
        predicate: { ...ref('IsV1'), alias: 'p', config: {}, negate: true },
      },
    ];
    h.link.post({ type: 'task.start', spec: { ...h.sourceSpec, transformations } });
    await settle();
    expect(h.producer.values()).toEqual(['v0!', 'v1']);
    expect(h.configured.map((config) => config['converter.type'])).toEqual(['key', 'value']);
    h.link.post({ type: 'task.commit', id });
    await settle();
    expect(h.requests).toEqual([
      {
        type: 'task.committable',
        id,
        committable: { kind: 'source', offsets: [{ partition: { file: 'a' }, offset: { position: 1 } }] },
      },
    ]);
    await h.clock.advance(500);
    expect(h.notices.at(-1)).toMatchObject({
      type: 'task.counters',
      counters: { 'source-record-write-total': 2 },
    });
    const counters = (): number => h.notices.filter(({ type }) => type === 'task.counters').length;
    const before = counters();
    await h.clock.advance(5_000);
    expect(counters()).toBe(before);
    // Its poll waits for records all the while.
    expect(h.notices.at(-1)).toMatchObject({ type: 'task.calling', id, call: { method: 'poll' } });
    h.link.post({ type: 'task.stop', id, timeoutMs: 5_000 });
    await settle();
    expect(h.types()).toEqual(['task.state', 'task.topics', 'task.calling', 'task.ended']);
  });

  it('answers the offset reader of a source task', async () => {
    const h = harness();
    h.answers.offsets = [{ position: 7n }, null];
    h.link.post({ type: 'task.start', spec: h.sourceSpec });
    await settle();
    const { offsetStorageReader } = h.source.context as SourceTaskContext;
    expect(await offsetStorageReader.offsets([{ file: 'a' }, { file: 'b' }])).toEqual([{ position: 7n }, null]);
    expect(await offsetStorageReader.offset({ file: 'a' })).toEqual({ position: 7n });
    await h.connection.close();
  });

  it('brings questions of converters to the control plane, and its errors back as what they are', async () => {
    const h = harness();
    h.link.post({ type: 'task.start', spec: h.sourceSpec });
    await settle();
    const view = h.context()?.schemaView({ 'schema.registry.url': 'http://r' });
    expect(h.asked).toEqual([{ 'schema.registry.url': 'http://r' }]);
    const failure = await view?.resolve([], new AbortController().signal)?.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EnvironmentError);
    expect(failure).toMatchObject({ gateId: GATE, message: 'registry away' });
    expect(h.requests).toEqual([{ type: 'service', service: 'registry', body: { question: 1 } }]);
    await h.connection.close();
  });

  it('mirrors gates by message, and says that a task is parked', async () => {
    const h = harness();
    h.link.post({ type: 'gate.changed', gate: snapshot(GATE, 'closed') });
    let isAway = true;
    h.value.fail = () => {
      if (isAway) throw new EnvironmentError('registry away', { gateId: GATE });
    };
    h.source.add([record('v0', 0)]);
    h.link.post({ type: 'task.start', spec: h.sourceSpec });
    await settle();
    expect(h.notices.at(-1)).toMatchObject({ type: 'task.parked', parked: { gateId: GATE, reason: 'refused' } });
    isAway = false;
    h.link.post({ type: 'gate.changed', gate: snapshot(GATE, 'open') });
    await settle();
    expect(h.producer.values()).toEqual(['v0']);
    expect(h.notices.filter(({ type }) => type === 'task.parked').at(-1)).toMatchObject({ parked: null });
    await h.connection.close();
  });

  it('runs a sink task: assign, put, revoke', async () => {
    const h = harness();
    h.fetcher.append('t', 0, 'a0', 'a1');
    h.link.post({ type: 'task.start', spec: h.sinkSpec });
    h.link.post({ type: 'sink.assign', id, partitions: [{ topic: 't', partition: 0, offset: 'earliest' }] });
    await settle();
    expect(h.sink.values()).toEqual(['a0', 'a1']);
    const partitions = [{ topic: 't', partition: 0 }];
    expect(await h.link.request({ type: 'sink.revoke', id, partitions, lost: false })).toEqual({
      offsets: [{ topic: 't', partition: 0, offset: 2 }],
    });
    h.link.post({ type: 'task.stop', id, timeoutMs: 5_000 });
    await settle();
    expect(h.types()).toEqual(['task.state', 'task.topics', 'task.ended']);
    expect(await h.link.request({ type: 'sink.revoke', id, partitions, lost: false })).toEqual({ offsets: [] });
  });

  it('says why a task could not be built, and that it ended', async () => {
    const h = harness();
    h.link.post({ type: 'task.start', spec: { ...h.sourceSpec, connectorClass: ref('Missing') } });
    await settle();
    expect(h.types()).toEqual(['task.failed', 'task.ended']);
    const [failed] = h.notices;
    const error = failed?.type === 'task.failed' ? errorFromWire(failed.error) : null;
    expect(error).toBeInstanceOf(ConfigError);
    expect(error?.message).toBe('No class Missing.');
  });

  it('says nothing more of a task that did not stop in time, and can start another under its id', async () => {
    const h = harness();
    h.source.stop = () => new Promise(() => {}) as never;
    h.link.post({ type: 'task.start', spec: h.sourceSpec });
    await settle();
    h.link.post({ type: 'task.stop', id, timeoutMs: 1_000 });
    await settle();
    expect(h.types()).toEqual(['task.state']);
    await h.clock.advance(1_000);
    expect(h.producer.closedWith).toBe(0);
    h.notices.length = 0;
    h.link.post({ type: 'task.start', spec: h.sinkSpec });
    await settle();
    expect(h.types()).toEqual(['task.state']);
    await h.connection.close();
  });

  it('a link that is closed rejects what is open', async () => {
    const h = harness();
    const open = h.link.request({ type: 'sink.revoke', id, partitions: [], lost: true });
    h.link.close();
    await expect(open).rejects.toThrow('The task host has ended.');
    await expect(h.link.request({ type: 'sink.revoke', id, partitions: [], lost: true })).rejects.toThrow('ended');
  });
});
