import { readFile } from 'node:fs/promises';
import {
  ConfigError,
  DataError,
  type Field,
  type Schema,
  SourceRecord,
  type SourceTask,
  type SourceTaskContext,
} from 'holdfast/sdk';
import { ByteWindow } from '../byte-window.ts';
import { readFailure } from '../errors.ts';
import { FILENAME_FIELD, storedOffset } from '../file-offsets.ts';
import { FileTail } from '../file-tail.ts';
import { IdleWait } from '../idle-wait.ts';
import { dialectOf, formatOf, RECORD_FILE_SOURCE_CONFIG, type RecordFileSourceConfig } from './config.ts';
import { DelimitedReader } from './delimited-reader.ts';
import { type FilePreparationOptions, prepareFile } from './file-preparation.ts';
import { JsonArrayReader, JsonLinesReader } from './json-reader.ts';
import { Pace } from './pace.ts';
import { malformed, type RawRecord, type RecordReader } from './record-reader.ts';
import { avroName, type RecordSchema } from './record-schema.ts';
import { parseSchemaText } from './schema-text.ts';

/** All that `start` makes, so that nothing is half there. */
interface Running {
  readonly config: RecordFileSourceConfig;
  readonly origin: Readonly<Record<string, string>>;
  readonly window: ByteWindow;
  readonly reader: RecordReader;
  readonly tail: FileTail;
  readonly idle: IdleWait;
  readonly pace: Pace;
  readonly preparation: FilePreparationOptions;
}

/** A Struct per record of the file. Offset: the byte position after the record, and how many records came before it. */
export class RecordFileSourceTask implements SourceTask {
  private context: SourceTaskContext | null = null;
  private running: Running | null = null;
  private records: RecordSchema | null = null;
  private keyField: Field | null = null;
  private row = 0;
  private isHeaderNext = false;
  /** What went wrong with a record whose predecessors are handed over first. */
  private failure: unknown = null;
  private restingSince: number | null = null;

  initialize(context: SourceTaskContext): void {
    this.context = context;
  }

  async start(raw: Readonly<Record<string, string>>): Promise<void> {
    const { context } = this;
    if (context === null) throw new Error('initialize() has to come before start().');
    const { clock, logger } = context;
    const config = RECORD_FILE_SOURCE_CONFIG.parse(raw);
    const { file } = config;
    const format = formatOf(config);
    const isDelimited = format === 'csv' || format === 'tsv';
    const dialect = dialectOf(format, config);
    const schema = await schemaOf(config);
    const stored = await storedOffset(context.offsetStorageReader, file);
    this.row = Number(stored?.offset['row'] ?? 0);
    const window = new ByteWindow({ position: stored?.position ?? 0 });
    const readerOf = (over: ByteWindow): RecordReader => {
      const options = { window: over, file, maxRecordBytes: config['max.record.bytes'] };
      if (isDelimited) return new DelimitedReader(options, dialect);
      return format === 'jsonl' ? new JsonLinesReader(options) : new JsonArrayReader(options);
    };
    const reader = readerOf(window);
    const adjust = config['field.name.adjustment.mode'] === 'avro' ? avroName : (name: string): string => name;
    this.running = {
      config,
      origin: Object.freeze({ [FILENAME_FIELD]: file }),
      window,
      reader,
      tail: new FileTail({ path: file, window, logger, isRecordEnd: (byte) => reader.isRecordEnd(byte) }),
      idle: new IdleWait({ clock }),
      pace: new Pace({ perSecond: config['max.records.per.second'], clock }),
      preparation: {
        file,
        format,
        hasHeader: config.header,
        columns: config.columns,
        schema,
        schemaName: config['schema.name'] ?? avroName(config.topic),
        inferRows: config['schema.infer.rows'],
        adjust,
        takesRest: config['unterminated.record'] === 'deliver',
        skipsMalformed: config['behavior.on.malformed.records'] !== 'fail',
        reader: readerOf,
        logger,
      },
    };
  }

  async poll(signal: AbortSignal): Promise<readonly SourceRecord[] | null> {
    const { running, context } = this;
    if (running === null || context === null) return null;
    if (this.failure !== null) throw this.failure;
    const { tail, idle, pace, config } = running;
    if (this.records === null && !(await this.prepare(running, signal))) {
      await idle.wait(signal);
      return null;
    }
    const max = pace.allowed(config['batch.size']);
    if (max === 0) {
      await context.clock.sleep(pace.waitMs, signal).catch(() => {});
      return null;
    }
    while (!signal.aborted) {
      const records = this.take(running, max, () => running.reader.next());
      if (records !== null) return records;
      const result = await tail.fill();
      if (result === 'data') {
        idle.reset();
        this.restingSince = null;
        continue;
      }
      if (result === 'replaced') {
        const rest = this.takeRest(running, max, 0);
        await tail.restart();
        this.forget(running);
        return rest;
      }
      if (this.isRestOver(running, context)) {
        const rest = this.takeRest(running, max, null);
        if (rest !== null) return rest;
      }
      await idle.wait(signal);
      return null;
    }
    return null;
  }

  async stop(): Promise<void> {
    await this.running?.tail.close();
  }

  private async prepare({ preparation, config }: Running, signal: AbortSignal): Promise<boolean> {
    const records = await prepareFile(preparation, signal);
    if (records === null) return false;
    const name = config['key.field'];
    const field = name === null ? null : (records.schema.field(name) ?? null);
    if (name !== null && field === null) {
      const message = `The records of '${config.file}' have no field '${name}': correct 'key.field'.`;
      throw new ConfigError(message, { problems: [{ key: 'key.field', message }] });
    }
    this.keyField = field;
    this.records = records;
    return true;
  }

  /** The file has another content now: other columns, perhaps, and another schema. */
  private forget(running: Running): void {
    running.reader.reset();
    this.row = 0;
    this.restingSince = null;
    if (running.preparation.schema === null || running.preparation.hasHeader) this.records = null;
  }

  private isRestOver({ window, config, preparation }: Running, { clock }: SourceTaskContext): boolean {
    if (!preparation.takesRest || window.length === 0) return false;
    this.restingSince ??= clock.monotonic();
    return clock.monotonic() - this.restingSince >= config['unterminated.record.wait.ms'];
  }

  private takeRest(running: Running, max: number, position: number | null): readonly SourceRecord[] | null {
    let isDone = false;
    return this.take(
      running,
      max,
      () => {
        if (isDone) return null;
        isDone = true;
        return running.reader.rest();
      },
      position,
    );
  }

  /** Up to `max` records; those before a malformed one first, then its error. `position` overrides the one to resume from. */
  private take(
    running: Running,
    max: number,
    next: () => RawRecord | null,
    position: number | null = null,
  ): readonly SourceRecord[] | null {
    const { window, origin, config, preparation } = running;
    const timestamp = this.context?.clock.now() ?? null;
    const taken: SourceRecord[] = [];
    while (taken.length < max) {
      const start = window.position;
      if (start === 0) {
        // Also where the file was cut or replaced while nobody read it.
        this.row = 0;
        this.isHeaderNext = preparation.hasHeader;
      }
      try {
        const raw = next();
        if (raw === null) {
          if (window.position > start) continue;
          break;
        }
        if (this.isNoRecord(raw)) continue;
        const value = this.structOf(raw);
        this.row++;
        taken.push(
          new SourceRecord({
            sourcePartition: origin,
            sourceOffset: { position: position ?? window.position, row: this.row },
            topic: config.topic,
            keySchema: this.keyField?.schema ?? null,
            key: this.keyField === null ? null : value.get(this.keyField),
            valueSchema: value.schema,
            value,
            timestamp,
          }),
        );
      } catch (error) {
        if (this.isSkipped(error, start, running)) continue;
        this.failure = located(error, config.file, start, this.row + 1);
        break;
      }
    }
    running.pace.took(taken.length);
    if (taken.length > 0) return taken;
    if (this.failure !== null) throw this.failure;
    return null;
  }

  /** The header, and blank lines, which have no column at all. */
  private isNoRecord(raw: RawRecord): boolean {
    if ('json' in raw) return false;
    if (this.isHeaderNext) {
      this.isHeaderNext = false;
      return true;
    }
    return raw.length === 1 && raw[0] === null && this.records?.columnCount !== 1;
  }

  private structOf(raw: RawRecord) {
    if (this.records === null) throw new Error('The schema is known before records are read.');
    return 'json' in raw ? this.records.structOfJson(raw.json) : this.records.structOfRow(raw);
  }

  private isSkipped(error: unknown, start: number, { config, window }: Running): boolean {
    const behavior = config['behavior.on.malformed.records'];
    // What was not consumed, such as a record that is too long, can't be skipped.
    if (behavior === 'fail' || !(error instanceof DataError) || window.position === start) return false;
    this.row++;
    if (behavior === 'warn') {
      this.context?.logger.warn('Skipped a malformed record.', { file: config.file, position: start, err: error });
    }
    return true;
  }
}

function located(error: unknown, file: string, position: number, row: number): unknown {
  // Errors of the reader know their place.
  if (!(error instanceof DataError) || error.message.includes(file)) return error;
  return malformed(file, position, `(record ${row}) is malformed: it ${error.message}`, error);
}

async function schemaOf(config: RecordFileSourceConfig): Promise<Schema | null> {
  const { schema, 'schema.file': path } = config;
  if (schema !== null && path !== null) throw new ConfigError("Set 'schema' or 'schema.file', not both.");
  if (schema !== null) return parseSchemaText(schema, 'schema');
  if (path === null) return null;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw readFailure(path, error);
  }
  return parseSchemaText(text, 'schema.file');
}
