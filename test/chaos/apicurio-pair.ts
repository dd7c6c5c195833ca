/**
 * Two nodes of Apicurio 3.0.9 with storage kafkasql over a Kafka of their own, which the worker does not use; every way to them and between
 * them can be hurt. It has no primary: every node appends to one topic, and what one node took the other one may not know yet.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts';
import type { Broker } from '../../src/broker/ports.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { FaultProxy } from '../../src/testing/index.ts';
import { type Apicurio, startApicurio } from '../support/apicurio.ts';
import { type Kafka, startKafka } from '../support/kafka.ts';
import { freePorts } from '../support/ports.ts';
import { registerAt } from '../support/registry-outage-story.ts';
import { RequestRate } from '../support/request-rate.ts';
import { type KeyedBytes, readTopic, replaceTopic } from '../support/topic-content.ts';
import { uniqueName } from '../support/unique-name.ts';
import { playRegistryScenario, type RegistryScenario } from './registry-scenario.ts';

const PATH = '/apis/ccompat/v7';
const NODES = [0, 1] as const;
type NodeIndex = (typeof NODES)[number];

/** A scenario at the pair. Its nodes share one registry with those of other scenarios, so it has names of its own. */
export interface ApicurioScenario extends RegistryScenario {
  readonly prefix: string;
  /** Where the worker finds the registry; a TCP proxy in front of each node unless told. */
  readonly urls?: readonly string[];
}

export class ApicurioPair {
  readonly kafka: Kafka;
  /** In front of node 0 and of node 1. */
  readonly proxies: readonly [FaultProxy, FaultProxy];
  /** Between node 1 and its Kafka. */
  readonly kafkaOfNode1: FaultProxy;
  readonly ports: readonly [number, number];
  private readonly broker: Broker;
  private readonly nodes: (Apicurio | undefined)[] = [];
  private readonly journal = uniqueName('journal');

  private constructor(parts: Pick<ApicurioPair, 'kafka' | 'proxies' | 'kafkaOfNode1' | 'ports'>) {
    this.kafka = parts.kafka;
    this.proxies = parts.proxies;
    this.kafkaOfNode1 = parts.kafkaOfNode1;
    this.ports = parts.ports;
    const { bootstrapServers } = parts.kafka;
    this.broker = createKafkaBroker({ bootstrapServers, logger: silentLogger, clock: systemClock });
  }

  static async start(): Promise<ApicurioPair> {
    const [kafkaPort, viaPort, ...ports] = await freePorts(4);
    const [port0 = 0, port1 = 0] = ports;
    const to = (port: number, own?: number): Promise<FaultProxy> =>
      new FaultProxy({
        target: { host: '127.0.0.1', port },
        ...(own === undefined ? {} : { port: own }),
      }).start();
    const kafka = await startKafka({
      listeners: [
        { kind: 'plaintext' },
        { kind: 'plaintext', name: 'via', port: kafkaPort ?? 0, advertisedPort: viaPort ?? 0 },
      ],
    });
    const pair = new ApicurioPair({
      kafka,
      kafkaOfNode1: await to(kafkaPort ?? 0, viaPort),
      proxies: [await to(port0), await to(port1)],
      ports: [port0, port1],
    });
    await pair.startBoth();
    return pair;
  }

  url(node: NodeIndex): string {
    return `http://127.0.0.1:${this.ports[node]}${PATH}`;
  }

  /** Through something that listens on these ports. */
  urlsVia(ports: readonly number[]): readonly string[] {
    return ports.map((port) => `http://127.0.0.1:${port}${PATH}`);
  }

  /** Resolves when its API answers, after some 10 to 25 s. */
  async startNode(node: NodeIndex): Promise<void> {
    const { kafka, journal: journalTopic } = this;
    const bootstrapServers = node === 0 ? kafka.bootstrapServers : kafka.bootstrapServersOf('via');
    this.nodes[node] = await startApicurio({ bootstrapServers, journalTopic, port: this.ports[node] });
  }

  async startBoth(): Promise<void> {
    await Promise.all(NODES.map((node) => this.startNode(node)));
  }

  /** With SIGKILL and SIGTERM it resolves when the process is gone, with SIGSTOP and SIGCONT at once. */
  async signal(node: NodeIndex, signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const process = this.nodes[node];
    if (process === undefined) throw new Error(`node ${node} was never started`);
    if (signal === 'SIGTERM') await process.stop();
    else await process.kill(signal);
  }

  async signalBoth(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    await Promise.all(NODES.map((node) => this.signal(node, signal)));
  }

  /** Registers as another client does, straight at the nodes: a proxy may lose the answer. */
  async register(subject: string, schema: string): Promise<number> {
    for (let attempt = 0; ; attempt++) {
      const id = await registerAt(this.url(attempt % 2 === 0 ? 0 : 1), subject, schema).catch(() => undefined);
      if (id !== undefined) return id;
      if (attempt > 60) throw new Error(`no node registers ${subject}`);
      await delay(500);
    }
  }

  /** Everything in the topic that is the registry. */
  async readJournal(): Promise<readonly KeyedBytes[]> {
    return (await readTopic(this.broker, this.journal)).flat();
  }

  /** To be called while no node runs. */
  async restoreJournal(records: readonly KeyedBytes[]): Promise<void> {
    await replaceTopic(this.broker, this.journal, records, { 'cleanup.policy': 'delete', 'retention.ms': '-1' });
  }

  async play(scenario: ApicurioScenario): Promise<void> {
    let rate: RequestRate | undefined;
    let sampling: NodeJS.Timeout | undefined;
    try {
      await playRegistryScenario(
        {
          urls: scenario.urls ?? this.urlsVia(this.proxies.map(({ port }) => port)),
          register: (subject, schema) => this.register(subject, schema),
          // Its journal has a format of its own.
          log: () => undefined,
          peak: () => rate?.peak,
        },
        {
          ...scenario,
          before: async (world) => {
            const own = new RequestRate(world.bench);
            rate = own;
            sampling = setInterval(() => void own.look(), 100);
            await scenario.before?.(world);
          },
        },
      );
    } finally {
      clearInterval(sampling);
    }
  }

  async stop(): Promise<void> {
    for (const proxy of [...this.proxies, this.kafkaOfNode1]) await proxy.stop();
    for (const node of this.nodes) await node?.kill('SIGKILL').catch(() => {});
    await this.broker.close();
    await this.kafka.remove();
  }
}

/** A pair of the file's own. Returns what gives it to tests. */
export function apicurioPair(): () => ApicurioPair {
  let pair: ApicurioPair | undefined;
  beforeAll(async () => {
    pair = await ApicurioPair.start();
  }, 400_000);
  afterAll(() => pair?.stop(), 60_000);
  return () => {
    if (pair === undefined) throw new Error('the nodes are there in tests and hooks, not while they are declared');
    return pair;
  };
}
