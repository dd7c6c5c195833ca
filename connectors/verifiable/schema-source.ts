/** Kafka's SchemaSource: Structs of one versioned schema, or of its two versions in turn. */
import {
  type ConfigDef,
  type OffsetMap,
  type Schema,
  SchemaBuilder,
  Schemas,
  type SourceConnector,
  SourceRecord,
  type SourceTask,
  type SourceTaskContext,
  Struct,
} from 'holdfast/sdk';
import { SCHEMA_SOURCE_CONFIG } from './config.ts';
import { ID, NumberedTasks } from './numbered-tasks.ts';
import { Pace } from './pace.ts';

const SEQNO = 'seqno';
/** How long an idle `poll` takes. */
const IDLE_MS = 1_000;

function schema(version: 1 | 2): Schema {
  const builder = SchemaBuilder.struct()
    .version(version)
    .name('record')
    .field('boolean', Schemas.BOOLEAN)
    .field('int', Schemas.INT32)
    .field('long', Schemas.INT64)
    .field('float', Schemas.FLOAT32)
    .field('double', Schemas.FLOAT64)
    .field('partitioning', Schemas.INT32)
    .field('id', Schemas.INT32)
    .field(SEQNO, Schemas.INT64);
  if (version === 2) builder.field('string', SchemaBuilder.string().defaultValue('abc').build());
  return builder.build();
}

const FIRST = schema(1);
const SECOND = schema(2);

export class SchemaSourceConnector extends NumberedTasks implements SourceConnector {
  config(): ConfigDef {
    return SCHEMA_SOURCE_CONFIG;
  }

  taskClass(): new () => SourceTask {
    return SchemaSourceTask;
  }

  alterOffsets(): boolean {
    return true;
  }
}

export class SchemaSourceTask implements SourceTask {
  private context: SourceTaskContext | null = null;
  private pace: Pace | null = null;
  private config: ReturnType<typeof SCHEMA_SOURCE_CONFIG.parse> | null = null;
  private origin: OffsetMap = {};
  private id = 0;
  private next = 0;
  private count = 0;

  initialize(context: SourceTaskContext): void {
    this.context = context;
  }

  async start(raw: Readonly<Record<string, string>>): Promise<void> {
    const { context } = this;
    if (context === null) throw new Error('initialize() has to come before start().');
    this.config = SCHEMA_SOURCE_CONFIG.parse(raw);
    this.id = Number(raw[ID] ?? 0);
    this.pace = new Pace({ clock: context.clock, perSecond: this.config.throughput });
    this.origin = Object.freeze({ [ID]: this.id });
    const stored = await context.offsetStorageReader.offset(this.origin);
    this.next = stored === null ? 0 : Number(stored[SEQNO]) + 1;
    // What was made before a restart counts: the number of messages is that of the topic.
    this.count = this.next;
  }

  async poll(signal: AbortSignal): Promise<readonly SourceRecord[] | null> {
    const { context, pace, config } = this;
    if (context === null || pace === null || config === null) return null;
    const limit = config['num.messages'];
    if (limit >= 0 && this.count >= limit) {
      await context.clock.sleep(IDLE_MS, signal).catch(() => {});
      return null;
    }
    if (!(await pace.turn(signal))) return null;
    const isSecond = config['multiple.schema'] && this.count % 2 === 1;
    const seqno = this.next++;
    const valueSchema = isSecond ? SECOND : FIRST;
    const value = new Struct(valueSchema)
      .put('boolean', true)
      .put('int', 12)
      .put('long', 12n)
      .put('float', 12.2)
      .put('double', 12.2)
      .put('partitioning', this.count % config['partition.count'])
      .put('id', this.id)
      .put(SEQNO, BigInt(seqno));
    if (isSecond) value.put('string', 'def');
    this.count++;
    return [
      new SourceRecord({
        sourcePartition: this.origin,
        sourceOffset: { [SEQNO]: seqno },
        topic: config.topic,
        keySchema: Schemas.STRING,
        key: 'key',
        valueSchema,
        value,
      }),
    ];
  }

  stop(): void {}
}
