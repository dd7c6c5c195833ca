/** One scenario of trouble at a registry, with old, recent and new schemas flowing through a worker; and what has to hold after it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Broker } from '../../src/broker/ports.ts';
import { AvroBench, Flow, framed, range, sequenceSchema, tolerating } from '../support/avro-pipelines.ts';
import {
  type ExpectedTopic,
  type RegisteredSchema,
  scenarioLine,
  verifyScenario,
} from '../support/chaos-verification.ts';
import { createTopic, produce } from '../support/topic-content.ts';

/** New schemas, and ids that the worker has not read, turn up as often. */
const EVERY_MS = 2_000;
const PER_ROUND = 5;
/** From here on the worker's return is worth an explanation. */
const SLOW_RETURN_MS = 3_000;

/** The registry that the trouble happens to. */
export interface TroubledRegistry {
  readonly urls: readonly string[];
  /** As another client does, or past every fault. Resolves with the id. */
  register(subject: string, schema: string): Promise<number>;
  /** Every schema record in the log, in order; undefined: it can't be read. */
  log(): readonly RegisteredSchema[] | undefined;
  /** The most requests in any second since the trouble began, at all nodes together; undefined: nobody counts. */
  peak(): number | undefined;
}

export interface ScenarioWorld {
  readonly bench: AvroBench;
  /** Registers schemas and sends a record with each to the sink that reads. Resolves with their ids. */
  read(count: number): Promise<readonly number[]>;
}

export interface RegistryScenario {
  readonly name: string;
  /** Of topics, subjects and schemas: scenarios that share a registry need names of their own. Letters and digits. */
  readonly prefix?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly wrapBroker?: (broker: Broker) => Broker;
  /** How long new schemas turn up. */
  readonly lastsMs: number;
  /** After the pipelines flow, before the trouble. */
  readonly before?: (world: ScenarioWorld) => Promise<void>;
  /** Resolves when the registry is whole again. */
  readonly trouble: (world: ScenarioWorld) => Promise<void>;
  /** When everything was delivered. */
  readonly after?: (world: ScenarioWorld) => Promise<void>;
  /** Topics of the scenario's own, verified with the others. */
  readonly topics?: readonly ExpectedTopic[];
  /** What was to be registered for connectors that were deleted before they were told of an id. */
  readonly unanswered?: readonly Pick<RegisteredSchema, 'subject' | 'schema'>[];
  /** Requests per second at all nodes together that are allowed above those of the new schemas. */
  readonly peak?: number;
}

/** Rejects with everything that did not hold; prints one line of figures. */
export async function playRegistryScenario(registry: TroubledRegistry, scenario: RegistryScenario): Promise<void> {
  const bench = await AvroBench.start({
    registryUrls: registry.urls,
    settings: scenario.settings ?? {},
    ...(scenario.wrapBroker === undefined ? {} : { wrapBroker: scenario.wrapBroker }),
  });
  const { prefix = '' } = scenario;
  /** A topic, or the name of a schema. */
  const named = (name: string): string => `${prefix}${name}`;
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
    bench,
    read: async (count) => {
      const ids: number[] = [];
      for (const n of range(recent, recent + count)) {
        const registered = await register(named(`Recent${n}`));
        ids.push(registered.id);
        await send(named(`Recent${n}`), registered, 1);
      }
      recent += count;
      return ids;
    },
  };
  let flow: Flow | undefined;
  try {
    const rounds = Math.max(1, Math.ceil(scenario.lastsMs / EVERY_MS));
    const old: RegisteredSchema[] = [];
    for (const n of range(0, rounds)) old.push(await register(named(`Old${n}`)));
    await createTopic(bench.broker, 'read', 1);
    await bench.source('known', named('known'), sequenceSchema(named('Known')));
    await bench.sink('known-sink', named('known'), tolerating('all', 'dlq'));
    await bench.sink('read-sink', 'read', tolerating('all', 'dlq'));
    flow = new Flow(bench, 'known', 'known-sink');
    await bench.connect.waitFor('the known flow', async () => bench.delivered('known-sink').length > 20, 60_000);
    await scenario.before?.(world);

    const trouble = scenario.trouble(world);
    trouble.catch(() => {});
    for (const n of range(0, rounds)) {
      await send(named(`Old${n}`), old[n] as RegisteredSchema, PER_ROUND);
      const tolerance = n % 2 === 0 ? 'all' : 'none';
      bench.feed(`new-${n}`, range(0, PER_ROUND));
      await bench.source(`new-${n}`, named(`new-${n}`), sequenceSchema(named(`New${n}`)), tolerating(tolerance));
      await bench.sink(`new-${n}-sink`, named(`new-${n}`), tolerating(tolerance, 'dlq'));
      const failures = await bench.failures();
      if (failures.length > 0) throw new Error(`in round ${n}: ${failures.join('\n')}`);
      await delay(EVERY_MS);
    }
    await trouble;
    const over = performance.now();
    for (const n of range(0, rounds)) await bench.expectDelivered(`new-${n}-sink`, range(0, PER_ROUND), 90_000);
    await bench.expectDelivered('read-sink', range(0, names.length), 90_000);
    const afterMs = performance.now() - over;
    if (afterMs > SLOW_RETURN_MS) {
      // When the worker noticed what, as it tells it itself.
      const { body } = await bench.get('/registries');
      console.log(JSON.stringify({ wholeAt: new Date(Date.now() - afterMs).toISOString(), registries: body }));
    }
    await world.read(2);
    await bench.expectDelivered('read-sink', range(0, names.length), 60_000);
    await scenario.after?.(world);
    const longestGapMs = flow.takeLongestGapMs();
    await flow.stop();
    const sent = flow.count;
    await bench.expectDelivered('known-sink', range(0, sent), 30_000);
    const log = registry.log();
    const verified = await verifyScenario({
      broker: bench.broker,
      nodes: registry.urls,
      failures: await bench.failures(),
      deadLetters: ['dlq'],
      acknowledged,
      ...(log === undefined ? {} : { log }),
      unanswered: scenario.unanswered ?? [],
      topics: [
        ...(scenario.topics ?? []),
        {
          topic: named('known'),
          sequence: range(0, sent),
          schemaName: () => named('Known'),
          delivered: bench.delivered('known-sink'),
        },
        {
          topic: 'read',
          sequence: range(0, names.length),
          schemaName: (seq) => names[seq] ?? '',
          delivered: bench.delivered('read-sink'),
        },
        ...range(0, rounds).map((n) => ({
          topic: named(`new-${n}`),
          sequence: range(0, PER_ROUND),
          schemaName: () => named(`New${n}`),
          delivered: bench.delivered(`new-${n}-sink`),
        })),
      ],
    });
    // Invariant 9: gates of reads and writes, the nodes' health, and what each new schema needs.
    const peak = registry.peak() ?? 0;
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
  }
}
