/** One scenario of trouble at a scripted registry, with old, recent and new schemas flowing through a worker; and what has to hold after it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, Broker, GroupDescription } from '../../src/broker/ports.ts';
import { decodeRecord } from '../../src/embedded-registry/registry-record.ts';
import { ConfigError } from '../../src/sdk/errors/index.ts';
import { ScriptedRegistry, type ScriptedRegistryOptions } from '../../src/testing/index.ts';
import { AvroBench, Flow, framed, range, sequenceSchema, tolerating } from '../support/avro-pipelines.ts';
import { type RegisteredSchema, scenarioLine, verifyScenario } from '../support/chaos-verification.ts';
import { freePorts } from '../support/ports.ts';
import { createTopic, produce } from '../support/topic-content.ts';

/** New schemas, and ids that the worker has not read, turn up as often. */
const EVERY_MS = 2_000;
const PER_ROUND = 5;

export interface ScenarioWorld {
  readonly registry: ScriptedRegistry;
  readonly bench: AvroBench;
  readonly urls: readonly string[];
  /** Registers schemas and sends a record with each to the sink that reads. Resolves with their ids. */
  read(count: number): Promise<readonly number[]>;
}

export interface ScriptedScenario {
  readonly name: string;
  readonly registry: ScriptedRegistryOptions;
  /** May the registry's group be described? It may unless told. */
  readonly group?: 'described' | 'forbidden';
  readonly settings?: Readonly<Record<string, string>>;
  /** How long new schemas turn up. */
  readonly lastsMs: number;
  /** After the pipelines flow, before the trouble. */
  readonly before?: (world: ScenarioWorld) => Promise<void>;
  /** Resolves when the registry is whole again. */
  readonly trouble: (world: ScenarioWorld) => Promise<void>;
  /** When everything was delivered. */
  readonly after?: (world: ScenarioWorld) => Promise<void>;
  /** Requests per second at all nodes together that are allowed above those of the new schemas. */
  readonly peak?: number;
}

/** Rejects with everything that did not hold; prints one line of figures. */
export async function playScenario(scenario: ScriptedScenario): Promise<void> {
  const { registry: options } = scenario;
  const registry = await ScriptedRegistry.start({ ...options, ports: await freePorts(options.nodes ?? 1) });
  const { group = 'described' } = scenario;
  const bench = await AvroBench.start({
    registryUrls: registry.urls,
    settings: scenario.settings ?? {},
    wrapBroker: (broker) =>
      withRegistryGroup(broker, async () => {
        if (group === 'forbidden') throw new ConfigError('Not authorized to describe the group schema-registry.');
        return registry.describeGroup();
      }),
  });
  const acknowledged: RegisteredSchema[] = [];
  /** The schema of each number that was sent to be read. */
  const names: string[] = [];
  const register = async (name: string): Promise<RegisteredSchema> => {
    const one = { subject: `${name}-value`, schema: sequenceSchema(name) };
    const registered = { ...one, id: await registry.register(one.subject, one.schema) };
    acknowledged.push(registered);
    return registered;
  };
  const send = async (name: string, { id, schema }: RegisteredSchema, count: number): Promise<void> => {
    const sequence = range(names.length, names.length + count);
    for (const seq of sequence) names[seq] = name;
    await produce(
      bench.broker,
      'read',
      0,
      sequence.map((seq) => framed(id, schema, { seq, text: 'r' })),
    );
  };
  let recent = 0;
  const world: ScenarioWorld = {
    registry,
    bench,
    urls: registry.urls,
    read: async (count) => {
      const ids: number[] = [];
      for (const n of range(recent, recent + count)) {
        const registered = await register(`Recent${n}`);
        ids.push(registered.id);
        await send(`Recent${n}`, registered, 1);
      }
      recent += count;
      return ids;
    },
  };
  let flow: Flow | undefined;
  try {
    const rounds = Math.max(1, Math.ceil(scenario.lastsMs / EVERY_MS));
    const old: RegisteredSchema[] = [];
    for (const n of range(0, rounds)) old.push(await register(`Old${n}`));
    await createTopic(bench.broker, 'read', 1);
    await bench.source('known', 'known', sequenceSchema('Known'));
    await bench.sink('known-sink', 'known', tolerating('all', 'dlq'));
    await bench.sink('read-sink', 'read', tolerating('all', 'dlq'));
    flow = new Flow(bench, 'known', 'known-sink');
    await bench.connect.waitFor('the known flow', async () => bench.delivered('known-sink').length > 20, 60_000);
    await scenario.before?.(world);

    const begunAt = registry.elapsedMs;
    const trouble = scenario.trouble(world);
    trouble.catch(() => {});
    for (const n of range(0, rounds)) {
      await send(`Old${n}`, old[n] as RegisteredSchema, PER_ROUND);
      const tolerance = n % 2 === 0 ? 'all' : 'none';
      bench.feed(`new-${n}`, range(0, PER_ROUND));
      await bench.source(`new-${n}`, `new-${n}`, sequenceSchema(`New${n}`), tolerating(tolerance));
      await bench.sink(`new-${n}-sink`, `new-${n}`, tolerating(tolerance, 'dlq'));
      const failures = await bench.failures();
      if (failures.length > 0) throw new Error(`in round ${n}: ${failures.join('\n')}`);
      await delay(EVERY_MS);
    }
    await trouble;
    const over = performance.now();
    for (const n of range(0, rounds)) await bench.expectDelivered(`new-${n}-sink`, range(0, PER_ROUND), 90_000);
    await bench.expectDelivered('read-sink', range(0, names.length), 90_000);
    const afterMs = performance.now() - over;
    await world.read(2);
    await bench.expectDelivered('read-sink', range(0, names.length), 60_000);
    await scenario.after?.(world);
    const longestGapMs = flow.takeLongestGapMs();
    await flow.stop();
    const sent = flow.count;
    await bench.expectDelivered('known-sink', range(0, sent), 30_000);
    const verified = await verifyScenario({
      broker: bench.broker,
      nodes: registry.urls,
      failures: await bench.failures(),
      deadLetters: ['dlq'],
      acknowledged,
      log: schemasIn(registry),
      topics: [
        {
          topic: 'known',
          sequence: range(0, sent),
          schemaName: () => 'Known',
          delivered: bench.delivered('known-sink'),
        },
        {
          topic: 'read',
          sequence: range(0, names.length),
          schemaName: (seq) => names[seq] ?? '',
          delivered: bench.delivered('read-sink'),
        },
        ...range(0, rounds).map((n) => ({
          topic: `new-${n}`,
          sequence: range(0, PER_ROUND),
          schemaName: () => `New${n}`,
          delivered: bench.delivered(`new-${n}-sink`),
        })),
      ],
    });
    // Invariant 9: gates of reads and writes, the nodes' health, and what each new schema needs.
    const peak = registry.requests.peak(1_000, { fromMs: begunAt });
    const bound = (scenario.peak ?? 60) + 6 * rounds;
    console.log(
      scenarioLine(scenario.name, {
        ...verified,
        rounds,
        'ms until all was delivered': afterMs,
        'longest gap of known schemas, ms': longestGapMs,
        'requests per second at most': peak,
        'slowest REST answer, ms': bench.slowestAnswerMs,
      }),
    );
    if (peak > bound) throw new Error(`${peak} requests in a second, ${bound} may be`);
  } finally {
    await flow?.stop();
    await bench.stop();
    await registry.stop();
  }
}

/** Every schema record in the log, in order. */
export function schemasIn(registry: ScriptedRegistry): readonly RegisteredSchema[] {
  return registry.records().flatMap(({ key, value }) => {
    const decoded = decodeRecord(key, value);
    if (decoded.kind !== 'record' || decoded.record.keytype !== 'SCHEMA' || decoded.record.value === null) return [];
    const { id, subject, schema } = decoded.record.value;
    return [{ id, subject, schema }];
  });
}

/** An embedded broker that passes for a Kafka on which the registry elects. */
function withRegistryGroup(broker: Broker, describe: () => Promise<GroupDescription>): Broker {
  return {
    kind: 'kafka',
    producer: (options) => broker.producer(options),
    fetcher: (options) => broker.fetcher(options),
    groupMember: (options) => broker.groupMember(options),
    protocolMember: (options) => broker.protocolMember(options),
    close: () => broker.close(),
    admin: (options): Admin => {
      const admin = broker.admin(options);
      return new Proxy(admin, {
        get(target, key) {
          if (key === 'describeGroups') {
            return async (ids: readonly string[], signal?: AbortSignal) =>
              ids.includes('schema-registry') ? [await describe()] : target.describeGroups(ids, signal);
          }
          const value: unknown = Reflect.get(target, key);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  };
}
