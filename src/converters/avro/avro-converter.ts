/** io.confluent.connect.avro.AvroConverter: Avro in Confluent's wire format, with the schemas in a registry. */
import type { ConfigDef } from '../../sdk/config/index.ts';
import type { Converter, ConverterContext, RawHeader, RawRecord } from '../../sdk/converter.ts';
import { type Schema, SchemaAndValue } from '../../sdk/data/index.ts';
import { type ConfigProblem, type ConnectError, DataError, IllegalStateError } from '../../sdk/errors/index.ts';
import type { ConnectRecord, RecordRange } from '../../sdk/record/index.ts';
import type { SchemaQuestion, SchemaView } from '../../sdk/schema-view.ts';
import { asBuffer } from '../converter-config.ts';
import { AVRO_CONFIG, AVRO_CONVERTER_CONFIG, contextSetting, parseMetadata } from './avro-config.ts';
import type { AvroDataOptions } from './avro-data-options.ts';
import { AvroDeserializer } from './avro-deserializer.ts';
import { AvroSerializer } from './avro-serializer.ts';
import { avroSettingsProblems } from './avro-settings-check.ts';
import { inContext, subjectNameStrategyOf } from './subject-names.ts';
import { type SchemaName, tellCarried } from './wire-format.ts';

/** References of references that are followed; each round asks for those that the one before found. */
const MAX_ROUNDS = 16;

interface Parts {
  readonly view: SchemaView;
  readonly isKey: boolean;
  readonly serializer: AvroSerializer;
  readonly deserializer: AvroDeserializer;
}

/**
 * Reads and writes what Confluent's AvroConverter does, to the byte, and asks the registry once per schema and batch.
 *
 * Known schemas keep flowing while the registry is away; what it has to be asked for waits: the synchronous calls then throw the
 * EnvironmentError that the view gives. Null stays null without a question.
 */
export class AvroConverter implements Converter {
  private parts: Parts | undefined;

  config(): ConfigDef {
    return AVRO_CONFIG;
  }

  checkSettings(
    config: Readonly<Record<string, string>>,
    converterType: 'key' | 'value' | 'header',
  ): readonly ConfigProblem[] {
    return avroSettingsProblems(withCacheSize(config), converterType === 'key' ? 'key' : 'value');
  }

  configure(config: Readonly<Record<string, string>>, context: ConverterContext): void {
    const settings = AVRO_CONVERTER_CONFIG.parse(withCacheSize(config));
    const isKey = context.converterType === 'key';
    const strategyKey = isKey ? 'key.subject.name.strategy' : 'value.subject.name.strategy';
    const part = isKey ? 'key' : 'value';
    const strategy = subjectNameStrategyOf(strategyKey, settings[strategyKey], part);
    const schemaContext = contextSetting(settings);
    const maxSchemas = settings['schemas.cache.config'];
    const metadata = settings['use.latest.with.metadata'];
    const readsHeader = !settings[`${part}.schema.id.deserializer`].endsWith('PrefixSchemaIdDeserializer');
    const options: AvroDataOptions = {
      enhancedSchemaSupport: settings['enhanced.avro.schema.support'],
      connectMetaData: settings['connect.meta.data'],
      scrubInvalidNames: settings['scrub.invalid.names'],
      generalizedSumTypes: settings['generalized.sum.type.support'],
      ignoreDefaultForNullables: settings['ignore.default.for.nullables'],
      allowOptionalMapKeys: settings['allow.optional.map.keys'],
      flattenSingletonUnions: settings['flatten.singleton.unions'],
      discardTypeDocDefault: settings['discard.type.doc.default'],
    };
    const view = context.schemaView(config);
    const warn = (message: string, fields: Readonly<Record<string, unknown>>): void =>
      context.logger.warn(message, fields);
    this.parts = {
      view,
      isKey,
      serializer: new AvroSerializer({
        view,
        options,
        selection: {
          autoRegister: settings['auto.register.schemas'],
          normalize: settings['normalize.schemas'],
          useLatestVersion: settings['use.latest.version'],
          useSchemaId: settings['use.schema.id'],
          metadata: metadata === null ? null : parseMetadata('use.latest.with.metadata', metadata),
        },
        isStrict: { id: settings['id.compatibility.strict'], latest: settings['latest.compatibility.strict'] },
        subjectOf: (topic, schema) => inContext(schemaContext, strategy(topic, schema)),
        maxSchemas,
        warn,
      }),
      deserializer: new AvroDeserializer({
        view,
        options,
        maxSchemas,
        context: schemaContext,
        header: readsHeader ? `__${part}_schema_id` : null,
        warn,
      }),
    };
  }

  prepareFromConnectData(records: readonly ConnectRecord[], signal: AbortSignal): Promise<void> | undefined {
    const { isKey, serializer } = this.configured();
    const targets: { topic: string; schema: Schema | null }[] = [];
    const seen = new Map<string, Set<Schema | null>>();
    for (const record of records) {
      if ((isKey ? record.key : record.value) === null) continue;
      const schema = isKey ? record.keySchema : record.valueSchema;
      const { topic } = record;
      const schemas = seen.get(topic);
      if (schemas?.has(schema) === true) continue;
      if (schemas === undefined) seen.set(topic, new Set([schema]));
      else schemas.add(schema);
      targets.push({ topic, schema });
    }
    return this.ask(() => targets.flatMap(({ topic, schema }) => serializer.lacking(topic, schema)), signal);
  }

  prepareToConnectData(records: readonly RawRecord[], signal: AbortSignal): Promise<void> | undefined {
    const { isKey, deserializer } = this.configured();
    const names = new Set<SchemaName>();
    let last: SchemaName | undefined;
    for (const record of records) {
      const bytes = isKey ? record.key : record.value;
      if (bytes === null) continue;
      let name: SchemaName | undefined;
      try {
        name = deserializer.nameOf(bytes, record.headers);
      } catch (error) {
        // `deserialize` throws it for the record.
        if (!(error instanceof DataError)) throw error;
      }
      if (name === undefined || name === last) continue;
      last = name;
      names.add(name);
    }
    return this.ask(() => [...names].flatMap((name) => deserializer.lacking(name)), signal);
  }

  fromConnectData(topic: string, schema: Schema | null, value: unknown): Uint8Array | null {
    if (value === null || value === undefined) {
      if (schema !== null && !schema.optional) throw new DataError('Found null value for non-optional schema');
      return null;
    }
    return this.configured().serializer.serialize(topic, schema, value);
  }

  toConnectData(topic: string, bytes: Uint8Array | null, headers?: readonly RawHeader[]): SchemaAndValue {
    if (bytes === null) return SchemaAndValue.NULL;
    return this.configured().deserializer.deserialize(topic, asBuffer(bytes), headers);
  }

  tracksWritten(): boolean {
    return this.parts?.view.tracksRecords?.() === true;
  }

  written(records: readonly RawRecord[], partitions: ArrayLike<number>, offsets: ArrayLike<number>): void {
    const { view, isKey } = this.configured();
    tellCarried(view, isKey ? 'key' : 'value', records, partitions, offsets);
  }

  writtenWith(error: ConnectError): readonly RecordRange[] {
    return this.parts?.view.recordsOf?.(error) ?? [];
  }

  skipped(error: ConnectError): void {
    this.parts?.view.skipped?.(error);
  }

  close(): void {
    this.parts?.view.close();
    this.parts = undefined;
  }

  /** Undefined, and no promise made, if nothing is lacking: the way of nearly every batch. */
  private ask(lacking: () => readonly SchemaQuestion[], signal: AbortSignal): Promise<void> | undefined {
    const first = lacking();
    return first.length === 0 ? undefined : this.askFor(first, lacking, signal);
  }

  private async askFor(
    first: readonly SchemaQuestion[],
    lacking: () => readonly SchemaQuestion[],
    signal: AbortSignal,
  ): Promise<void> {
    const { view } = this.configured();
    const asked = new Set<string>();
    let questions = first;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      // A question stays open if it was refused or has to wait: it is asked once per batch.
      const fresh = new Map<string, SchemaQuestion>();
      for (const question of questions) if (!asked.has(question.key)) fresh.set(question.key, question);
      if (fresh.size === 0) return;
      for (const key of fresh.keys()) asked.add(key);
      await view.resolve([...fresh.values()], signal);
      questions = lacking();
    }
  }

  private configured(): Parts {
    if (this.parts === undefined) throw new IllegalStateError('AvroConverter is used before configure or after close.');
    return this.parts;
  }
}

/** `schemas.cache.size` is the name that older documentation gives to `schemas.cache.config`. */
function withCacheSize(config: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const size = config['schemas.cache.size'];
  return size === undefined ? config : { 'schemas.cache.config': size, ...config };
}
