import {
  ConnectHeaders,
  type Field,
  type OffsetMap,
  Schemas,
  SourceRecord,
  type SourceTask,
  type SourceTaskContext,
  type Struct,
} from 'holdfast/sdk';
import { DATAGEN_CONFIG } from './config.ts';
import type { Generator } from './generator.ts';
import { selectGenerator } from './generator-selection.ts';
import { JavaRandom } from './java-random.ts';

export const TASK_ID = 'task.id';
const TASK_GENERATION = 'task.generation';
const CURRENT_ITERATION = 'current.iteration';
const RANDOM_SEED = 'random.seed';

/** Records per poll where no pause lies between them. */
const BATCH = 500;
/** How long `poll` waits once everything was generated. */
const DONE_WAIT_MS = 1000;

/**
 * A record per iteration. The offset, in Confluent's form, holds the number and the seed of the next one: a task goes on where it ended,
 * without repeating, with or without a seed in the configuration.
 */
export class DatagenTask implements SourceTask {
  private context: SourceTaskContext | null = null;
  private generator: Generator | null = null;
  private keyField: Field | null = null;
  private origin: OffsetMap = {};
  private random = new JavaRandom(0n);
  private topic = '';
  private maxInterval = 0;
  private iterations = 0;
  private iteration = 0;
  private taskId = 0;
  private generation = 0;

  initialize(context: SourceTaskContext): void {
    this.context = context;
  }

  async start(raw: Readonly<Record<string, string>>): Promise<void> {
    const { context } = this;
    if (context === null) throw new Error('initialize() has to come before start().');
    const config = DATAGEN_CONFIG.parse(raw);
    const { generator, keyField } = selectGenerator(config);
    this.generator = generator;
    this.keyField = keyField === '' ? null : (generator.schema.field(keyField) ?? null);
    this.topic = config['kafka.topic'];
    this.maxInterval = config['max.interval'];
    this.iterations = config.iterations;
    this.taskId = Number(raw[TASK_ID] ?? 0);
    this.origin = Object.freeze({ [TASK_ID]: this.taskId });
    const seed = config['random.seed'];
    this.random.setSeed(BigInt(seed ?? Math.floor(Math.random() * Number.MAX_SAFE_INTEGER)));
    // Every task has a sequence of its own that follows from the one seed.
    for (let task = 0; task < this.taskId; task++) this.random.setSeed(this.random.nextLong());
    const stored = await context.offsetStorageReader.offset(this.origin);
    if (stored !== null) {
      this.generation = Number(stored[TASK_GENERATION] ?? 0);
      this.iteration = Number(stored[CURRENT_ITERATION] ?? 0);
      this.random.setSeed(BigInt(stored[RANDOM_SEED] ?? 0));
    }
  }

  async poll(signal: AbortSignal): Promise<readonly SourceRecord[] | null> {
    const { context, generator } = this;
    if (context === null || generator === null) return null;
    const left = this.iterations > 0 ? this.iterations - this.iteration : Number.POSITIVE_INFINITY;
    const pauseMs = left <= 0 ? DONE_WAIT_MS : this.maxInterval > 0 ? Math.random() * this.maxInterval : 0;
    if (pauseMs > 0) {
      await context.clock.sleep(pauseMs, signal).catch(() => {});
      if (signal.aborted || left <= 0) return null;
    }
    const count = this.maxInterval > 0 ? 1 : Math.min(BATCH, left);
    const timestamp = context.clock.now();
    return Array.from({ length: count }, () => this.next(generator, timestamp));
  }

  stop(): void {}

  private next({ schema, generate }: Generator, timestamp: number): SourceRecord {
    const { random, iteration, keyField } = this;
    const value = generate(random, iteration) as Struct;
    // Seeded anew for every record, so that the offset can carry the state.
    const seed = random.nextLong();
    random.setSeed(seed);
    this.iteration++;
    const headers = new ConnectHeaders();
    headers.add(TASK_GENERATION, BigInt(this.generation), Schemas.INT64);
    headers.add(TASK_ID, BigInt(this.taskId), Schemas.INT64);
    headers.add(CURRENT_ITERATION, BigInt(iteration), Schemas.INT64);
    return new SourceRecord({
      sourcePartition: this.origin,
      sourceOffset: {
        [TASK_GENERATION]: this.generation + 1,
        [CURRENT_ITERATION]: iteration + 1,
        [RANDOM_SEED]: seed,
      },
      topic: this.topic,
      keySchema: keyField?.schema ?? null,
      key: keyField === null ? null : value.get(keyField),
      valueSchema: schema,
      value,
      timestamp,
      headers,
    });
  }
}
