/** Looks at the start of a file: its header, and the sample that its schema is inferred from. */
import { open } from 'node:fs/promises';
import { ConfigError, DataError, type Logger, type Schema } from 'holdfast/sdk';
import { ByteWindow } from '../byte-window.ts';
import { FILE_BAD_RECORD, readFailure, systemCode } from '../errors.ts';
import type { Format } from './config.ts';
import { malformed, type RawRecord, type RecordReader } from './record-reader.ts';
import { RecordSchema } from './record-schema.ts';
import { SchemaInference } from './schema-inference.ts';

const CHUNK_BYTES = 256 * 1024;

export interface FilePreparationOptions {
  readonly file: string;
  readonly format: Format;
  readonly hasHeader: boolean;
  /** Overrides the header's names; empty: not set. */
  readonly columns: readonly string[];
  /** null: to be inferred. */
  readonly schema: Schema | null;
  readonly schemaName: string;
  readonly inferRows: number;
  readonly adjust: (name: string) => string;
  /** Whether a last record without an end counts. */
  readonly takesRest: boolean;
  readonly skipsMalformed: boolean;
  readonly reader: (window: ByteWindow) => RecordReader;
  readonly logger: Logger;
}

/** The records' schema; null if the file isn't there or doesn't say enough yet. */
export async function prepareFile(options: FilePreparationOptions, signal: AbortSignal): Promise<RecordSchema | null> {
  const { format, schema, adjust } = options;
  const isDelimited = format === 'csv' || format === 'tsv';
  const isInferred = schema === null;
  // Nothing to look for: the names are known without the file.
  if (schema !== null && (!isDelimited || !options.hasHeader)) {
    const columns = isDelimited ? namesOf(options, schema) : null;
    return new RecordSchema({ schema, isInferred, columns, adjust });
  }
  const inference = new SchemaInference();
  let columns: readonly string[] | null = isDelimited ? options.columns : null;
  let needsHeader = isDelimited && options.hasHeader;
  const isEnough = (): boolean => !needsHeader && (schema !== null || inference.count >= options.inferRows);
  const take = (raw: RawRecord): void => {
    if ('json' in raw) inference.addJson(raw.json);
    else if (needsHeader) {
      needsHeader = false;
      if (options.columns.length === 0) columns = headerOf(raw, options.file);
    } else if (columns !== null && (raw.length > 1 || columns.length === 1 || raw[0] !== null)) {
      if (columns.length === 0) {
        throw new ConfigError("Without a header and a schema the columns need names: set 'columns'.", {
          problems: [{ key: 'columns', message: 'It is needed where there is neither a header nor a schema.' }],
        });
      }
      // A ragged row tells nothing about the columns; the task says so when it comes to it.
      if (raw.length === columns.length) inference.addRow(columns, raw);
    }
  };
  const isWholeFile = await sample(options, isEnough, take, signal);
  if (isWholeFile === null || needsHeader) return null;
  if (schema !== null) return new RecordSchema({ schema, isInferred, columns, adjust });
  if (inference.count === 0) return null;
  const inferred = inference.build({ schemaName: options.schemaName, isWholeFile, adjust });
  options.logger.info('Inferred the schema of the file.', {
    file: options.file,
    records: inference.count,
    fields: inferred.fields.map(({ name, schema: each }) => `${name} ${each.type}${each.optional ? '?' : ''}`),
  });
  return new RecordSchema({ schema: inferred, isInferred, columns, adjust });
}

function namesOf(options: FilePreparationOptions, schema: Schema): readonly string[] {
  return options.columns.length > 0 ? options.columns : schema.fields.map(({ name }) => name);
}

function headerOf(row: readonly (string | null)[], file: string): readonly string[] {
  const names = row.map((name) => name ?? '');
  const seen = new Set<string>();
  for (const name of names) {
    if (name === '' || seen.has(name)) {
      throw new DataError(
        `The header of '${file}' ${name === '' ? 'has a column without a name' : `has the column '${name}' twice`}: name the columns with 'columns'.`,
        { code: FILE_BAD_RECORD },
      );
    }
    seen.add(name);
  }
  return names;
}

/** Reads from the start until it is enough. True if that was the whole file; null if there is none. */
async function sample(
  options: FilePreparationOptions,
  isEnough: () => boolean,
  take: (raw: RawRecord) => void,
  signal: AbortSignal,
): Promise<boolean | null> {
  const { file } = options;
  const window = new ByteWindow();
  const reader = options.reader(window);
  let taken = 0;
  /** `stop`: the sample ends before a malformed record, which the task will come to. */
  const takeNext = (next: () => RawRecord | null): 'taken' | 'none' | 'stop' => {
    const { position } = window;
    try {
      const raw = next();
      if (raw === null) return 'none';
      take(raw);
      taken++;
      return 'taken';
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      if (options.skipsMalformed && window.position > position) return 'taken';
      if (taken > 1) return 'stop';
      throw error.code === FILE_BAD_RECORD || error.message.includes(file)
        ? error
        : malformed(file, position, `cannot be used: ${error.message}`, error);
    }
  };
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw readFailure(file, error);
  }
  try {
    for (;;) {
      signal.throwIfAborted();
      const room = window.reserve(CHUNK_BYTES);
      const { bytesRead } = await handle.read(room, 0, room.length, window.endPosition);
      window.commit(bytesRead);
      let result: 'taken' | 'none' | 'stop' = 'taken';
      while (!isEnough() && result === 'taken') result = takeNext(() => reader.next());
      if (isEnough() || result === 'stop') return false;
      if (bytesRead > 0) continue;
      return !options.takesRest || takeNext(() => reader.rest()) !== 'stop';
    }
  } catch (error) {
    if (signal.aborted) return null;
    throw error instanceof Error && systemCode(error) !== undefined ? readFailure(file, error) : error;
  } finally {
    await handle.close();
  }
}
