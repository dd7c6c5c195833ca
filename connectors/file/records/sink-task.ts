import { open } from 'node:fs/promises';
import {
  ConfigError,
  DataError,
  isStruct,
  type Schema,
  type SinkRecord,
  type SinkTask,
  type SinkTaskContext,
} from 'holdfast/sdk';
import { ByteWindow } from '../byte-window.ts';
import { FILE_BAD_RECORD, readFailure } from '../errors.ts';
import { FileAppender } from '../file-appender.ts';
import { LineChunks } from '../line-chunks.ts';
import { type Dialect, dialectOf, formatOf, RECORD_FILE_SINK_CONFIG } from './config.ts';
import { DelimitedReader } from './delimited-reader.ts';
import { DelimitedWriter } from './delimited-writer.ts';
import { stringifyJson } from './json-text.ts';
import { textOf, toJson } from './value-writer.ts';

const HEADER_CHUNK_BYTES = 64 * 1024;
const MAX_HEADER_BYTES = 16 * 1024 * 1024;

/** Which field goes into which column, for one schema. */
interface Layout {
  readonly schema: Schema;
  /** Field index by column; -1: null. */
  readonly indexes: readonly number[];
}

/**
 * A row or a JSON line per record. The header is written once, into an empty file; a file that has one keeps its columns. A value that
 * can't be written is reported to the errant record reporter, or fails the task where there is none.
 */
export class RecordFileSinkTask implements SinkTask {
  private context: SinkTaskContext | null = null;
  private appender: FileAppender | null = null;
  private writer: DelimitedWriter | null = null;
  private columns: readonly string[] | null = null;
  /** Columns are all there is: a further field is a mistake and not left out. */
  private isComplete = true;
  private hasHeader = false;
  private ignoresNull = false;
  private layout: Layout | null = null;

  initialize(context: SinkTaskContext): void {
    this.context = context;
  }

  async start(raw: Readonly<Record<string, string>>): Promise<void> {
    const { context } = this;
    if (context === null) throw new Error('initialize() has to come before start().');
    const config = RECORD_FILE_SINK_CONFIG.parse(raw);
    const { file } = config;
    const format = formatOf(config);
    if (format === 'json') {
      throw new ConfigError(`A JSON array can't be appended to: set 'format' to jsonl for '${file}'.`, {
        problems: [{ key: 'format', message: 'json cannot be written; use jsonl.' }],
      });
    }
    this.ignoresNull = config['behavior.on.null.values'] === 'ignore';
    const { logger } = context;
    const dialect = dialectOf(format, config);
    const isDelimited = format !== 'jsonl';
    this.appender = await FileAppender.open({ file, logger, ...(isDelimited ? { quoting: dialect } : {}) });
    if (!isDelimited) return;
    this.writer = new DelimitedWriter(dialect);
    this.hasHeader = config.header;
    if (config.columns.length > 0) {
      this.columns = config.columns;
      this.isComplete = false;
    }
    if (config.header && this.appender.initialSize > 0) this.columns = await this.existingHeader(file, dialect);
  }

  async put(records: readonly SinkRecord[]): Promise<void> {
    const { appender, context } = this;
    if (records.length === 0 || appender === null || context === null) return;
    const lines = new LineChunks();
    const reporter = context.errantRecordReporter();
    const reports: Promise<void>[] = [];
    for (const record of records) {
      try {
        const line = this.lineOf(record);
        if (line !== null) lines.add(line);
      } catch (error) {
        if (reporter === null || !(error instanceof DataError)) throw error;
        reports.push(reporter.report(record, error));
      }
    }
    await Promise.all(reports);
    const chunks = lines.finish();
    if (chunks.length === 0) return;
    const { writer, columns } = this;
    if (writer === null || columns === null || !this.hasHeader) return appender.append(chunks);
    return appender.appendAfter(Buffer.from(`${writer.row(columns)}\n`), chunks);
  }

  /** Invariant 2: what is vouched for survives the machine. */
  flush(): void | Promise<void> {
    return this.appender?.flush();
  }

  async stop(): Promise<void> {
    const { appender } = this;
    this.appender = null;
    await appender?.close();
  }

  private lineOf(record: SinkRecord): string | null {
    const { value, valueSchema } = record;
    if (value === null) {
      if (this.ignoresNull) return null;
      throw unwritable(record, "has no value: set 'behavior.on.null.values' to ignore to leave such records out");
    }
    if (this.writer === null) return stringifyJson(toJson(value, valueSchema));
    if (isStruct(value)) {
      const { indexes } = this.layoutOf(value.schema, record);
      const { fields } = value.schema;
      return this.writer.row(
        indexes.map((index) => {
          const field = fields[index];
          return field === undefined ? null : textOf(value.get(field), field.schema);
        }),
      );
    }
    const map = mapOf(value, record);
    this.columns ??= [...map.keys()];
    if (this.isComplete) this.checkFields([...map.keys()], this.columns, record);
    return this.writer.row(this.columns.map((name) => textOf(map.get(name), valueSchema?.elementSchema ?? null)));
  }

  private layoutOf(schema: Schema, record: SinkRecord): Layout {
    if (this.layout?.schema === schema) return this.layout;
    this.columns ??= schema.fields.map(({ name }) => name);
    if (this.isComplete)
      this.checkFields(
        schema.fields.map(({ name }) => name),
        this.columns,
        record,
      );
    const indexes = this.columns.map((name) => schema.field(name)?.index ?? -1);
    this.layout = { schema, indexes };
    return this.layout;
  }

  private checkFields(names: readonly string[], columns: readonly string[], record: SinkRecord): void {
    const unknown = names.filter((name) => !columns.includes(name));
    if (unknown.length === 0) return;
    throw unwritable(
      record,
      `has fields that the file has no column for (${unknown.join(', ')}): write to a new file, or name in 'columns' what to keep`,
    );
  }

  /** The columns of a file that has rows already: what is appended has to follow them. */
  private async existingHeader(file: string, dialect: Dialect): Promise<readonly string[]> {
    const window = new ByteWindow();
    const reader = new DelimitedReader({ window, file, maxRecordBytes: MAX_HEADER_BYTES }, dialect);
    const handle = await open(file, 'r').catch((error: unknown) => {
      throw readFailure(file, error);
    });
    try {
      for (;;) {
        const room = window.reserve(HEADER_CHUNK_BYTES);
        const { bytesRead } = await handle.read(room, 0, room.length, window.endPosition);
        window.commit(bytesRead);
        const row = reader.next();
        if (row !== null && !('json' in row)) return this.checkedHeader(row, file);
        if (bytesRead === 0) return this.checkedHeader([], file);
      }
    } finally {
      await handle.close();
    }
  }

  private checkedHeader(row: readonly (string | null)[], file: string): readonly string[] {
    const names = row.map((name) => name ?? '');
    const configured = this.columns;
    if (configured !== null && configured.join('\n') !== names.join('\n')) {
      throw new ConfigError(
        `The file '${file}' has the columns ${names.join(', ')}, but 'columns' says ${configured.join(', ')}: write to a new file, or correct 'columns'.`,
        { problems: [{ key: 'columns', message: `The file has other columns: ${names.join(', ')}.` }] },
      );
    }
    return names;
  }
}

function mapOf(value: unknown, record: SinkRecord): ReadonlyMap<string, unknown> {
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [String(key), each]));
  if (typeof value === 'object' && value !== null) {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return new Map(Object.entries(value));
  }
  throw unwritable(
    record,
    'is no Struct and no map, so there are no columns to write it to: use the format jsonl, or FileStreamSink',
  );
}

function unwritable(record: SinkRecord, what: string): DataError {
  const { topic, kafkaPartition, kafkaOffset } = record;
  return new DataError(`The record ${topic}-${kafkaPartition}@${kafkaOffset} ${what}.`, { code: FILE_BAD_RECORD });
}
