import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import avsc from 'avsc';
import { createEmbeddedBroker } from '../../src/broker/embedded/embedded-broker.ts';
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts';
import type { Broker } from '../../src/broker/ports.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { type LogLine, recordingLogger, silentLogger } from '../../src/foundation/logger.ts';
import type { EmbeddedConnect, RestAnswer, ShownStatus } from '../../src/testing/embedded-connect.ts';
import { connectFor, TASK_ISOLATION } from './task-isolation.ts';
import { tempDir } from './temp-dir.ts';
import { readTopic } from './topic-content.ts';

export type Tolerance = 'none' | 'all';

/** The converters of a worker, or of one connector, that speak Avro for values. */
export function avroConverters(registryUrls: readonly string[]): Readonly<Record<string, string>> {
  return {
    'value.converter': 'io.confluent.connect.avro.AvroConverter',
    'value.converter.schema.registry.url': registryUrls.join(','),
  };
}

/** An Avro record of a sequence number and some text; different names are different schemas. */
export function sequenceSchema(name: string, more = ''): string {
  const fields = `{"name":"seq","type":"long"},{"name":"text","type":"string"}${more}`;
  return `{"type":"record","name":"${name}","fields":[${fields}]}`;
}

/** A value in Confluent's frame. */
export function framed(id: number, schema: string, value: Readonly<Record<string, unknown>>): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return Buffer.concat([header, avsc.Type.forSchema(JSON.parse(schema)).toBuffer(value)]);
}

/** `from` to `to`, without `to`. */
export function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, n) => from + n);
}

export function tolerating(tolerance: Tolerance, deadLetters?: string): Readonly<Record<string, string>> {
  if (tolerance === 'none') return {};
  return {
    'errors.tolerance': 'all',
    ...(deadLetters === undefined
      ? {}
      : {
          'errors.deadletterqueue.topic.name': deadLetters,
          'errors.deadletterqueue.topic.replication.factor': '1',
          'errors.deadletterqueue.context.headers.enable': 'true',
        }),
  };
}

/** A worker in this process with Avro values, on a broker that the test can write to and look into. */
export class AvroBench {
  readonly dir: string;
  readonly broker: Broker;
  readonly lines: readonly LogLine[];
  /** Every answer of the REST API that the bench saw, as text. */
  readonly answers: string[] = [];
  /** The slowest answer of the REST API, in ms. */
  slowestAnswerMs = 0;
  private readonly start: () => Promise<EmbeddedConnect>;
  private running: EmbeddedConnect | undefined;

  private constructor(parts: {
    readonly dir: string;
    readonly broker: Broker;
    readonly lines: readonly LogLine[];
    readonly start: () => Promise<EmbeddedConnect>;
  }) {
    this.dir = parts.dir;
    this.broker = parts.broker;
    this.lines = parts.lines;
    this.start = parts.start;
  }

  static async start(options: {
    readonly registryUrls: readonly string[];
    readonly settings?: Readonly<Record<string, string>>;
    readonly pluginModules?: readonly string[];
    /** A Kafka, in place of an embedded broker of the bench's own. */
    readonly bootstrapServers?: string | undefined;
    /** Of the worker's and the bench's clients of that Kafka. */
    readonly kafkaSettings?: Readonly<Record<string, string>>;
    /** `task.isolation` of the worker. */
    readonly isolation?: 'inline' | 'shared' | 'own' | undefined;
    /** Stands before the broker. */
    readonly wrapBroker?: (broker: Broker) => Broker;
  }): Promise<AvroBench> {
    const dir = tempDir('avro');
    const {
      bootstrapServers,
      kafkaSettings = {},
      wrapBroker = (broker) => broker,
      isolation = TASK_ISOLATION,
    } = options;
    const broker = wrapBroker(
      bootstrapServers === undefined
        ? await createEmbeddedBroker({ dir: join(dir, 'broker'), logger: silentLogger })
        : createKafkaBroker({ bootstrapServers, settings: kafkaSettings, logger: silentLogger, clock: systemClock }),
    );
    const { logger, lines } = recordingLogger('debug');
    const settings = {
      ...avroConverters(options.registryUrls),
      'task.isolation': isolation,
      ...(bootstrapServers === undefined ? {} : { 'bootstrap.servers': bootstrapServers }),
      ...options.settings,
    };
    const { pluginModules = [] } = options;
    // No other thread can use the connections of a broker that was handed in.
    const opensItsOwn = bootstrapServers !== undefined && isolation !== 'inline';
    const connect = await connectFor(isolation, pluginModules);
    const bench = new AvroBench({
      dir,
      broker,
      lines,
      start: () => connect.start({ dir, settings, logger, pluginModules, ...(opensItsOwn ? {} : { broker }) }),
    });
    await bench.startWorker();
    return bench;
  }

  get connect(): EmbeddedConnect {
    if (this.running === undefined) throw new Error('the worker is stopped');
    return this.running;
  }

  async startWorker(): Promise<void> {
    this.running = await this.start();
  }

  /** Resolves with the ms that it took. */
  async stopWorker(): Promise<number> {
    const { connect } = this;
    this.running = undefined;
    const begun = performance.now();
    await connect.stop();
    return performance.now() - begun;
  }

  async stop(): Promise<void> {
    if (this.running !== undefined) await this.stopWorker();
    await this.broker.close();
  }

  /** Records of a file of JSON lines, with that schema, to the topic. */
  source(name: string, topic: string, schema: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
    return this.connect.create(name, {
      'connector.class': 'io.holdfast.connect.file.RecordFileSourceConnector',
      file: this.input(name),
      format: 'jsonl',
      topic,
      schema,
      ...more,
    });
  }

  /** Records of the topic to a file of JSON lines. */
  sink(name: string, topics: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
    return this.connect.create(name, {
      'connector.class': 'io.holdfast.connect.file.RecordFileSinkConnector',
      file: this.output(name),
      format: 'jsonl',
      topics,
      ...more,
    });
  }

  input(connector: string): string {
    return join(this.dir, `${connector}-in.jsonl`);
  }

  output(connector: string): string {
    return join(this.dir, `${connector}-out.jsonl`);
  }

  /** Appends to what the source reads. */
  feed(connector: string, sequence: readonly number[]): void {
    appendFileSync(this.input(connector), sequence.map((seq) => `{"seq":${seq},"text":"n ${seq}"}\n`).join(''));
  }

  /** The sequence numbers that the sink has written, in the order of the file. */
  delivered(connector: string): readonly number[] {
    return sequenceIn(this.output(connector));
  }

  /** Waits for as many records, and then for their content to be these, exactly once and in order. */
  async expectDelivered(connector: string, sequence: readonly number[], timeoutMs = 20_000): Promise<void> {
    await this.connect.waitFor(
      `${sequence.length} records of ${connector} (now ${this.delivered(connector).length})`,
      async () => this.delivered(connector).length >= sequence.length,
      timeoutMs,
    );
    const wrong = firstDifference(this.delivered(connector), sequence);
    if (wrong !== undefined) throw new Error(`${connector}: ${wrong}`);
  }

  async get(path: string): Promise<RestAnswer> {
    const begun = performance.now();
    const answer = await this.connect.request('GET', path);
    this.slowestAnswerMs = Math.max(this.slowestAnswerMs, performance.now() - begun);
    this.answers.push(JSON.stringify(answer.body));
    return answer;
  }

  async status(connector: string): Promise<ParkedStatus> {
    return (await this.get(`/connectors/${connector}/status`)).body as ParkedStatus;
  }

  /** Until its task is shown as parked; with a code, for that reason: at first it may only wait for an answer. */
  parked(connector: string, timeoutMs?: number, code?: string): Promise<ShownPark> {
    return this.connect.waitFor(
      `${connector} parked${code === undefined ? '' : ` for ${code}`}`,
      async () => {
        const { tasks } = await this.status(connector);
        const [{ state = '', parked } = {}] = tasks;
        return state === 'RUNNING' && (code === undefined || parked?.code === code) && parked;
      },
      timeoutMs,
    );
  }

  notParked(connector: string, timeoutMs?: number): Promise<true> {
    return this.connect.waitFor(
      `${connector} not parked`,
      async () => {
        const { tasks } = await this.status(connector);
        return tasks.length > 0 && tasks.every(({ parked, state }) => state === 'RUNNING' && parked === undefined);
      },
      timeoutMs,
    );
  }

  /** Every connector and task that is FAILED now, with its trace. */
  async failures(): Promise<readonly string[]> {
    const names = (await this.get('/connectors')).body as readonly string[];
    const answers = await Promise.all(names.map((name) => this.get(`/connectors/${name}/status`)));
    return answers.flatMap(({ status, body }, n) => {
      // Deleted meanwhile.
      if (status === 404) return [];
      const { connector, tasks } = body as ParkedStatus;
      return [connector, ...tasks].flatMap(({ state, trace }) => (state === 'FAILED' ? [`${names[n]}: ${trace}`] : []));
    });
  }

  async topic(name: string): ReturnType<typeof readTopic> {
    return readTopic(this.broker, name);
  }

  /** Records in the topic, as far as it exists. */
  async topicLength(name: string): Promise<number> {
    return (await this.topic(name)).flat().length;
  }

  /** Everything that the worker wrote to its log, and everything its REST API said to the bench. */
  get everythingSaid(): string {
    const ofError = (_key: string, value: unknown): unknown =>
      value instanceof Error
        ? { ...value, name: value.name, message: value.message, stack: value.stack, cause: value.cause }
        : typeof value === 'bigint'
          ? String(value)
          : value;
    return [...this.lines.map((line) => JSON.stringify(line, ofError)), ...this.answers].join('\n');
  }
}

export interface ShownPark {
  readonly dependency: string;
  readonly reason: string;
  readonly code: string;
  readonly partitions: readonly string[];
  readonly since: string;
  readonly attempts: number;
  readonly next_probe: string | null;
}

type ParkedStatus = Omit<ShownStatus, 'tasks'> & {
  readonly tasks: readonly (Omit<ShownStatus['tasks'][number], 'parked'> & { readonly parked?: ShownPark })[];
};

export function sequenceIn(file: string): readonly number[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  // A line that is only half written doesn't count yet.
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Number((JSON.parse(line) as { seq: unknown }).seq));
}

/** Where two sequences part; undefined: nowhere. */
export function firstDifference(actual: readonly number[], expected: readonly number[]): string | undefined {
  const at = range(0, Math.max(actual.length, expected.length)).find((n) => actual[n] !== expected[n]);
  if (at === undefined) return undefined;
  const near = (of: readonly number[]): string => of.slice(Math.max(0, at - 2), at + 3).join(' ');
  return `record ${at} of ${expected.length} (${actual.length} are there): … ${near(actual)} … instead of … ${near(expected)} …`;
}

/** Feeds a source a few records every few ms until it is stopped, and watches how its sink keeps up. */
export class Flow {
  private readonly bench: AvroBench;
  private readonly source: string;
  private readonly sink: string;
  private readonly done: Promise<void>;
  private isOver = false;
  private next = 0;
  private lastProgressAt = performance.now();
  private seen = 0;
  /** The longest time in which nothing was delivered since the last call of `takeLongestGapMs`. */
  private longestGapMs = 0;

  constructor(bench: AvroBench, source: string, sink: string) {
    this.bench = bench;
    this.source = source;
    this.sink = sink;
    this.done = this.run();
  }

  get count(): number {
    return this.next;
  }

  takeLongestGapMs(): number {
    const gap = Math.max(this.longestGapMs, performance.now() - this.lastProgressAt);
    this.longestGapMs = 0;
    return gap;
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.done;
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      this.bench.feed(this.source, range(this.next, this.next + 5));
      this.next += 5;
      const delivered = this.bench.delivered(this.sink).length;
      const now = performance.now();
      if (delivered > this.seen) {
        this.longestGapMs = Math.max(this.longestGapMs, now - this.lastProgressAt);
        this.lastProgressAt = now;
        this.seen = delivered;
      }
      await delay(25);
    }
  }
}
