/** A source whose schema changes on the way, and a transformation that counts how often it saw each record. For tests only. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  ConfigDef,
  type ConnectorConfig,
  type ConnectRecord,
  definePlugin,
  type Schema,
  SchemaBuilder,
  type SourceConnector,
  SourceRecord,
  type SourceTask,
  type SourceTaskContext,
  Struct,
  type Transformation,
} from 'holdfast/sdk';

const COUNTS = Symbol.for('holdfast.test.versioned-source.counts');

/** How often the transformation saw each sequence number; the module may be loaded more than once. */
export function timesTransformed(): Map<number, number> {
  const holder = globalThis as { [COUNTS]?: Map<number, number> };
  holder[COUNTS] ??= new Map();
  return holder[COUNTS];
}

/** Version n has n optional fields more than the first. */
function schemaOf(version: number): Schema {
  const builder = SchemaBuilder.struct().name('Versioned').field('seq', SchemaBuilder.int64().build());
  for (let n = 0; n < version; n++) builder.field(`more${n}`, SchemaBuilder.string().optional().build());
  return builder.build();
}

class VersionedSourceTask implements SourceTask {
  private context: SourceTaskContext | null = null;
  private config: ConnectorConfig = {};
  private next = 0;
  private readonly schemas: Schema[] = [];

  initialize(context: SourceTaskContext): void {
    this.context = context;
  }

  async start(config: ConnectorConfig): Promise<void> {
    this.config = config;
    const offset = await this.context?.offsetStorageReader.offset({ source: 'versioned' });
    this.next = Number(offset?.['next'] ?? 0);
  }

  async poll(signal: AbortSignal): Promise<readonly SourceRecord[] | null> {
    const { topic = '', every = '100', count = '1000' } = this.config;
    await delay(10, undefined, { signal }).catch(() => {});
    const end = Math.min(Number(count), this.next + 10);
    const records: SourceRecord[] = [];
    for (; this.next < end; this.next++) records.push(this.record(topic, this.next, Number(every)));
    return records.length === 0 ? null : records;
  }

  /** Every third record has the schema before: known and new ones stand side by side. */
  private record(topic: string, seq: number, every: number): SourceRecord {
    const version = Math.max(0, Math.floor(seq / every) - (seq % 3 === 0 ? 1 : 0));
    this.schemas[version] ??= schemaOf(version);
    const schema = this.schemas[version];
    return new SourceRecord({
      sourcePartition: { source: 'versioned' },
      sourceOffset: { next: seq + 1 },
      topic,
      kafkaPartition: 0,
      keySchema: SchemaBuilder.string().build(),
      key: `key ${seq}`,
      valueSchema: schema,
      value: new Struct(schema).put('seq', BigInt(seq)),
      timestamp: null,
      headers: null,
    });
  }

  stop(): void {}
}

class VersionedSourceConnector implements SourceConnector {
  private taskConfig: ConnectorConfig = {};

  version(): string {
    return '1';
  }

  config(): ConfigDef {
    return ConfigDef.of({});
  }

  start(config: ConnectorConfig): void {
    this.taskConfig = config;
  }

  taskConfigs(): readonly ConnectorConfig[] {
    return [this.taskConfig];
  }

  taskClass(): new () => SourceTask {
    return VersionedSourceTask;
  }

  stop(): void {}
}

class CountingTransformation implements Transformation {
  config(): ConfigDef {
    return ConfigDef.of({});
  }

  configure(): void {}

  apply(record: ConnectRecord): ConnectRecord {
    const seq = Number((record.value as Struct).get('seq'));
    timesTransformed().set(seq, (timesTransformed().get(seq) ?? 0) + 1);
    return record;
  }
}

export default definePlugin({
  name: 'versioned-source',
  version: '1',
  connectors: [{ className: 'test.VersionedSourceConnector', type: 'source', create: VersionedSourceConnector }],
  transformations: [{ className: 'test.CountingTransformation', create: CountingTransformation }],
});
