import { setTimeout as delay } from 'node:timers/promises';
import { AvroBench, Flow, framed, range, sequenceIn, sequenceSchema, tolerating } from './avro-pipelines.ts';
import { type ExpectedTopic, type RegisteredSchema, scenarioLine, verifyScenario } from './chaos-verification.ts';
import { RegistryProcesses, type RegistryProcessesOptions } from './registry-processes.ts';
import { RequestRate } from './request-rate.ts';
import { createTopic, produce } from './topic-content.ts';
import { uniqueName } from './unique-name.ts';
import { eventually } from './worker-process.ts';

export interface ProcessScenario extends Omit<RegistryProcessesOptions, 'bootstrapServers'> {
  readonly bootstrapServers: string;
  /** Of the worker, above those that name the registry. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where the worker finds the registry; its nodes' own URLs unless told. */
  readonly urls?: (registry: RegistryProcesses) => readonly string[] | Promise<readonly string[]>;
  /** How many new schemas the worker meets on the way, one each `newEveryMs` (1,500); 8 unless told. */
  readonly newSchemas?: number;
  readonly newEveryMs?: number;
  /** Whether they wait for `feedNew`; they don't unless told. */
  readonly holdNew?: boolean;
  /** Whether a sink reads each of them; there is one unless told. Without, their topics alone are looked at. */
  readonly newSinks?: boolean;
  /** How the worker gets to Kafka; as the registry does unless told. */
  readonly worker?: {
    readonly bootstrapServers: string;
    readonly kafkaSettings: Readonly<Record<string, string>>;
  };
  /** Schema records that the scenario wrote past the registry, to be left out of the look at its log. */
  readonly isExpectedInLog?: (record: RegisteredSchema) => boolean;
  /** Hurts and heals. Resolves when everything runs again; then it is waited for until schemas are taken. */
  readonly run: (chaos: ProcessChaos) => Promise<void>;
}

export interface ScenarioReport {
  /** The longest time in which no registration of the test's own client went through. */
  readonly outageMs: number;
  /** From the first registration that went through again to the first record of a schema that the worker had waiting; NaN: none waited. */
  readonly firstNewMs: number;
  /** Of the worker at all nodes together, health resources and probes included, in any second. */
  readonly peakRequests: number;
  /** Records with known schemas that came through during the outage. */
  readonly knownMeanwhile: number;
  readonly epochs: number;
  /** By which rung of the ladder the primary was found out at last. */
  readonly rungs: string;
}

const SETTLE_MS = 90_000;
/** From here on the worker's return is worth an explanation. */
const SLOW_RETURN_MS = 1_500;
const READ_BEFORE = 40;

/**
 * A worker in this process with sources and sinks of old, recent and new schemas, on a real Kafka and a registry of real processes; and
 * a client that registers schemas of its own all the time, whose ids the worker has to read at once.
 */
export class ProcessChaos {
  readonly registry: RegistryProcesses;
  readonly bench: AvroBench;
  private readonly scenario: ProcessScenario;
  private readonly prefix = uniqueName('chaos');
  private readonly firstSeen = new Map<number, number>();
  private readonly fedAt = new Map<number, number>();
  private readonly schemaOfForeign: string[] = [];
  private recentCount = 0;
  private foreignSent = 0;
  private attempts = 0;
  /** The client's records go one after the other, whichever node gave them their ids. */
  private sending: Promise<void> = Promise.resolve();
  private lastAckAt = 0;
  private gap = { from: 0, to: 0 };
  private knownAtGap = { from: 0, to: 0, last: 0 };
  private readonly rate: RequestRate;
  private isOver = false;
  private isHoldingNew: boolean;

  private constructor(scenario: ProcessScenario, registry: RegistryProcesses, bench: AvroBench) {
    this.scenario = scenario;
    this.registry = registry;
    this.bench = bench;
    this.rate = new RequestRate(bench);
    this.isHoldingNew = scenario.holdNew ?? false;
  }

  /** Plays it, verifies all that has to hold, and prints one line. */
  static async play(name: string, scenario: ProcessScenario): Promise<ScenarioReport> {
    const registry = await RegistryProcesses.start(scenario);
    let bench: AvroBench | undefined;
    try {
      bench = await AvroBench.start({
        registryUrls: (await scenario.urls?.(registry)) ?? registry.urls,
        bootstrapServers: scenario.bootstrapServers,
        ...scenario.worker,
        settings: { 'value.converter.registry.group.id': registry.groupId, ...scenario.settings },
      });
      return await new ProcessChaos(scenario, registry, bench).play(name);
    } finally {
      await bench?.stop();
      await registry.stop();
    }
  }

  named(name: string): string {
    return `${this.prefix}-${name}`;
  }

  /** Records of known schemas that the sink has written so far. */
  get knownDelivered(): number {
    return this.bench.delivered(this.named('known-sink')).length;
  }

  /** The new schemas come now. */
  feedNew(): void {
    this.isHoldingNew = false;
  }

  /** Tasks that are shown as parked. */
  async parkedTasks(): Promise<number> {
    const { body } = await this.bench.get('/connectors?expand=status');
    const all = Object.values(body as Readonly<Record<string, { readonly status: ShownTasks }>>);
    return all.flatMap(({ status }) => status.tasks).filter(({ parked }) => parked !== undefined).length;
  }

  /** Of how many new schemas a sink has written something. */
  get newDelivered(): number {
    return this.firstSeen.size;
  }

  private get hasNewSinks(): boolean {
    return this.scenario.newSinks ?? true;
  }

  private get newSchemas(): number {
    return this.scenario.newSchemas ?? 8;
  }

  private async play(name: string): Promise<ScenarioReport> {
    const { bench, registry, scenario } = this;
    const { 'known-sink': knownSink, 'read-sink': readSink } = await this.prepare();
    const flow = new Flow(bench, this.named('known'), knownSink);
    let loops: readonly Promise<void>[] = [];
    try {
      await bench.connect.waitFor('the known flow', async () => this.knownDelivered > 50, 60_000);
      await bench.expectDelivered(readSink, range(0, READ_BEFORE), 60_000);
      this.feedRecent();
      await bench.connect.waitFor('the recent schema', async () => this.recentDelivered > 0, 60_000);
      await registry.writable();
      this.lastAckAt = performance.now();
      loops = [...registry.urls.map((_, node) => this.keepRegistering(node)), this.keepFeeding(), this.keepLooking()];
      await scenario.run(this);
      await registry.writable();
      await eventually('every new schema', () => this.fedAt.size === this.newSchemas, SETTLE_MS);
      await eventually('a registration after it', () => performance.now() - this.lastAckAt < 1_000, SETTLE_MS);
      await this.untilDelivered();
    } catch (cause) {
      throw await this.explained(cause);
    } finally {
      this.isOver = true;
      await Promise.all(loops);
      await flow.stop();
    }
    await this.untilDelivered();
    await bench.expectDelivered(knownSink, range(0, flow.count), SETTLE_MS);
    return this.verify(name, flow.count);
  }

  private async prepare(): Promise<{ readonly 'known-sink': string; readonly 'read-sink': string }> {
    const { bench, registry } = this;
    const dlq = this.named('dlq');
    const topics = ['known', 'recent', 'read', ...range(0, this.newSchemas).map((n) => `new-${n}`)];
    for (const topic of topics) await createTopic(bench.broker, this.named(topic));
    const old = sequenceSchema('Foreign0');
    const id = await registry.register(Math.min(...registry.running), this.named('foreign-0'), old, 10_000);
    if (typeof id !== 'number') throw new Error(`the registry refused a schema: ${JSON.stringify(id)}`);
    await this.sendForeign(id, old, READ_BEFORE);
    for (const [topic, schema, tolerance] of [
      ['known', 'Known', 'none'],
      ['recent', 'Recent', 'none'],
      ...range(0, this.newSchemas).map((n) => [`new-${n}`, `New${n}`, n % 2 === 0 ? 'all' : 'none'] as const),
    ] as const) {
      await bench.source(this.named(topic), this.named(topic), sequenceSchema(schema), tolerating(tolerance));
      if (topic.startsWith('new-') && !this.hasNewSinks) continue;
      await bench.sink(this.named(`${topic}-sink`), this.named(topic), tolerating(tolerance, dlq));
    }
    await bench.sink(this.named('read-sink'), this.named('read'), tolerating('all', dlq));
    return { 'known-sink': this.named('known-sink'), 'read-sink': this.named('read-sink') };
  }

  private get recentDelivered(): number {
    return this.bench.delivered(this.named('recent-sink')).length;
  }

  private feedRecent(): void {
    this.bench.feed(this.named('recent'), range(this.recentCount, this.recentCount + 2));
    this.recentCount += 2;
  }

  /** Records with a schema that another client registered, in the topic that the worker reads. */
  private sendForeign(id: number, schema: string, count = 2): Promise<void> {
    const from = this.foreignSent;
    this.foreignSent += count;
    for (let n = 0; n < count; n++) this.schemaOfForeign.push(nameOf(schema));
    const values = range(from, from + count).map((seq) => framed(id, schema, { seq, text: 'f' }));
    this.sending = this.sending.then(() => produce(this.bench.broker, this.named('read'), 0, values));
    return this.sending;
  }

  /** Another client's new schemas at one node; what is acknowledged is in a topic at once. */
  private async keepRegistering(node: number): Promise<void> {
    const { registry } = this;
    while (!this.isOver) {
      if (registry.running.includes(node)) {
        const n = ++this.attempts;
        const schema = sequenceSchema(`Foreign${n}`);
        const id = await registry.register(node, this.named(`foreign-${n}`), schema, 3_000);
        if (typeof id === 'number') {
          this.acknowledged();
          await this.sendForeign(id, schema);
        }
      }
      await delay(400);
    }
  }

  private acknowledged(): void {
    const now = performance.now();
    const known = this.knownDelivered;
    if (now - this.lastAckAt > this.gap.to - this.gap.from) {
      this.gap = { from: this.lastAckAt, to: now };
      this.knownAtGap = { from: this.knownAtGap.last, to: known, last: known };
    }
    this.lastAckAt = now;
    this.knownAtGap = { ...this.knownAtGap, last: known };
  }

  private async keepFeeding(): Promise<void> {
    const { newEveryMs = 1_500 } = this.scenario;
    while (!this.isOver) {
      const n = this.fedAt.size;
      if (n < this.newSchemas && !this.isHoldingNew) {
        this.bench.feed(this.named(`new-${n}`), range(0, 5));
        this.fedAt.set(n, performance.now());
      }
      this.feedRecent();
      await delay(newEveryMs);
    }
  }

  private async keepLooking(): Promise<void> {
    while (!this.isOver) {
      for (const n of this.fedAt.keys()) {
        if (!this.hasNewSinks || this.firstSeen.has(n)) continue;
        if (sequenceIn(this.bench.output(this.named(`new-${n}-sink`))).length > 0)
          this.firstSeen.set(n, performance.now());
      }
      await this.rate.look();
      await delay(20);
    }
  }

  private async registries(): Promise<readonly ShownRegistry[]> {
    return (await this.bench.get('/registries')).body as readonly ShownRegistry[];
  }

  private async untilDelivered(): Promise<void> {
    const { bench } = this;
    for (const n of this.fedAt.keys()) {
      if (!this.hasNewSinks) await bench.notParked(this.named(`new-${n}`), SETTLE_MS);
      else await bench.expectDelivered(this.named(`new-${n}-sink`), range(0, 5), SETTLE_MS);
    }
    await eventually('every recent record', () => this.recentDelivered >= this.recentCount, SETTLE_MS);
    const foreign = (): number => bench.delivered(this.named('read-sink')).length;
    await eventually('every foreign record', () => foreign() >= this.foreignSent, SETTLE_MS);
  }

  /** What did not come may have gone astray: that says more than the time that is over. */
  private async explained(cause: unknown): Promise<Error> {
    const failures = await this.bench.failures();
    const letters = await this.bench.topicLength(this.named('dlq'));
    const why = [`${letters} records in the dead letter queue`, ...failures.map((failure) => `FAILED: ${failure}`)];
    return new Error([cause instanceof Error ? cause.message : String(cause), ...why].join('\n'), { cause });
  }

  private async verify(name: string, known: number): Promise<ScenarioReport> {
    const { bench, registry } = this;
    const expected = (topic: string, count: number, schemaName: (seq: number) => string): ExpectedTopic => ({
      ...{ topic: this.named(topic), sequence: range(0, count), schemaName },
      ...(topic.startsWith('new-') && !this.hasNewSinks
        ? {}
        : { delivered: bench.delivered(this.named(`${topic}-sink`)) }),
    });
    const { isExpectedInLog = () => false } = this.scenario;
    const log = (await registry.log()).filter((record) => !isExpectedInLog(record));
    const verified = await verifyScenario({
      broker: bench.broker,
      topics: [
        expected('known', known, () => 'Known'),
        expected('recent', this.recentCount, () => 'Recent'),
        expected('read', this.foreignSent, (seq) => this.schemaOfForeign[seq] ?? ''),
        ...range(0, this.fedAt.size).map((n) => expected(`new-${n}`, 5, () => `New${n}`)),
      ],
      nodes: registry.running.map((node) => registry.url(node)),
      failures: await bench.failures(),
      deadLetters: [this.named('dlq')],
      ...{ acknowledged: registry.acknowledged, unanswered: registry.unanswered, log },
    });
    const waited = [...this.firstSeen].filter(
      ([n, at]) => (this.fedAt.get(n) ?? 0) < this.gap.to && at > this.gap.from,
    );
    const firstAfter = waited.map(([, at]) => at).filter((at) => at > this.gap.to - 1_000);
    const registries = await this.registries();
    const report = {
      outageMs: this.gap.to - this.gap.from,
      firstNewMs: firstAfter.length === 0 ? Number.NaN : Math.min(...firstAfter) - this.gap.to,
      peakRequests: this.rate.peak,
      knownMeanwhile: this.knownAtGap.to - this.knownAtGap.from,
      epochs: registries.reduce((sum, { epochs }) => sum + epochs.length, 0),
      rungs: registries.map(({ detection }) => detection.rung).join(),
    };
    if (report.firstNewMs > SLOW_RETURN_MS) {
      // When the worker noticed what, as it tells it itself.
      const usableAt = new Date(Date.now() - (performance.now() - this.gap.to)).toISOString();
      for (const { epochs, gate_history: gates } of registries)
        console.log(JSON.stringify({ usableAt, epochs, gates }));
    }
    console.log(scenarioLine(name, { ...report, ...verified, slowestRestMs: bench.slowestAnswerMs }));
    return report;
  }
}

interface ShownTasks {
  readonly tasks: readonly { readonly parked?: unknown }[];
}

interface ShownRegistry {
  readonly detection: { readonly rung: string; readonly reason: string };
  readonly epochs: readonly unknown[];
  readonly gate_history: readonly unknown[];
}

function nameOf(schema: string): string {
  return (JSON.parse(schema) as { readonly name: string }).name;
}
