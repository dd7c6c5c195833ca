/** Kafka's VerifiableSource: numbered records, and a line for each that was made, and one for each that was written. */
import {
  type ConfigDef,
  type OffsetMap,
  type RecordMetadata,
  SchemaBuilder,
  Schemas,
  type SourceConnector,
  SourceRecord,
  type SourceTask,
  type SourceTaskContext,
  Struct,
} from 'holdfast/sdk';
import { VERIFIABLE_SOURCE_CONFIG } from './config.ts';
import { ID, NumberedTasks, printLine } from './numbered-tasks.ts';
import { Pace } from './pace.ts';

const SEQNO = 'seqno';

const COMPLETE = SchemaBuilder.struct()
  .field('name', Schemas.STRING)
  .field('task', Schemas.INT32)
  .field('topic', Schemas.STRING)
  .field('time_ms', Schemas.INT64)
  .field(SEQNO, Schemas.INT64)
  .build();

export class VerifiableSourceConnector extends NumberedTasks implements SourceConnector {
  config(): ConfigDef {
    return VERIFIABLE_SOURCE_CONFIG;
  }

  taskClass(): new () => SourceTask {
    return VerifiableSourceTask;
  }

  /** The tasks start from whatever offset there is. */
  alterOffsets(): boolean {
    return true;
  }
}

export class VerifiableSourceTask implements SourceTask {
  private context: SourceTaskContext | null = null;
  private pace: Pace | null = null;
  private origin: OffsetMap = {};
  private name = '';
  private id = 0;
  private topic = '';
  private isComplete = false;
  private next = 0;

  initialize(context: SourceTaskContext): void {
    this.context = context;
  }

  async start(raw: Readonly<Record<string, string>>): Promise<void> {
    const { context } = this;
    if (context === null) throw new Error('initialize() has to come before start().');
    const config = VERIFIABLE_SOURCE_CONFIG.parse(raw);
    this.name = raw['name'] ?? '';
    this.id = Number(raw[ID] ?? 0);
    this.topic = config.topic;
    this.isComplete = config['complete.record.data'];
    this.pace = new Pace({ clock: context.clock, perSecond: config.throughput });
    this.origin = Object.freeze({ [ID]: this.id });
    const stored = await context.offsetStorageReader.offset(this.origin);
    this.next = stored === null ? 0 : Number(stored[SEQNO]) + 1;
  }

  async poll(signal: AbortSignal): Promise<readonly SourceRecord[] | null> {
    const { context, pace } = this;
    if (context === null || pace === null || !(await pace.turn(signal))) return null;
    const seqno = this.next++;
    const now = context.clock.now();
    const fields = { name: this.name, task: this.id, topic: this.topic, time_ms: now, seqno };
    printLine(fields);
    const value = this.isComplete
      ? new Struct(COMPLETE)
          .put('name', this.name)
          .put('task', this.id)
          .put('topic', this.topic)
          .put('time_ms', BigInt(now))
          .put(SEQNO, BigInt(seqno))
      : BigInt(seqno);
    return [
      new SourceRecord({
        sourcePartition: this.origin,
        sourceOffset: { [SEQNO]: seqno },
        topic: this.topic,
        keySchema: Schemas.INT32,
        key: this.id,
        valueSchema: this.isComplete ? COMPLETE : Schemas.INT64,
        value,
      }),
    ];
  }

  commitRecord(record: SourceRecord, _metadata: RecordMetadata | null): void {
    const seqno = record.sourceOffset?.[SEQNO];
    const time = this.context?.clock.now();
    printLine({ name: this.name, task: this.id, topic: this.topic, time_ms: time, seqno, committed: true });
  }

  stop(): void {}
}
