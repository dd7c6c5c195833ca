/** One immutable file of records: in order, or by offset with a sparse index that is built when it is first asked. */
import { join } from 'node:path';
import { DataError } from '../../sdk/errors/kinds.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { BACKUP_DAMAGED, unreadable } from './backup-errors.ts';
import { type FileLine, fileLines } from './file-lines.ts';
import type { RecordsFile } from './manifest.ts';
import { type ReadLine, readRecordLine } from './record-line.ts';

/** Every so many lines have an entry: 1,000,000 records have some 30,000 entries. */
const STRIDE = 32;

interface IndexEntry {
  readonly offset: number;
  readonly position: number;
  readonly line: number;
}

export class RecordsFileReader {
  readonly facts: RecordsFile;
  private readonly path: string;
  private index: readonly IndexEntry[] | undefined;

  constructor(options: { readonly folder: string; readonly file: RecordsFile }) {
    this.facts = options.file;
    this.path = join(options.folder, options.file.name);
  }

  /** Records with an offset of `from` and above, each checked against its digest, in batches of some 256 KiB of the file. */
  async *read(from = 0): AsyncGenerator<readonly ReadLine[]> {
    const begin = from <= this.facts.firstOffset ? undefined : entryBefore(await this.indexed(), from);
    for await (const lines of this.lines(from, begin)) {
      const read = [...lines];
      if (read.length > 0) yield read;
    }
  }

  /** @param offsets ascending; all between first and last offset of the file */
  async at(offsets: readonly number[]): Promise<readonly (RawRecord | undefined)[]> {
    const index = await this.indexed();
    const found: (RawRecord | undefined)[] = [];
    const wanted = (): number | undefined => offsets[found.length];
    for (let first = wanted(); first !== undefined; first = wanted()) {
      let isEnd = true;
      for await (const lines of this.lines(first, entryBefore(index, first))) {
        for (const { record } of lines) {
          for (let at = wanted(); at !== undefined && at < record.offset; at = wanted()) found.push(undefined);
          for (let at = wanted(); at === record.offset; at = wanted()) found.push(record);
          const following = wanted();
          // On until a block lies between: there the index is faster than reading through.
          isEnd = following !== undefined && entryBefore(index, following).offset <= record.offset + STRIDE;
          if (!isEnd) break;
        }
        if (!isEnd) break;
      }
      while (isEnd && found.length < offsets.length) found.push(undefined);
    }
    return found;
  }

  /** Each batch is checked line by line while it is iterated: whoever wants but one record of it pays for no other. */
  private async *lines(from: number, begin: IndexEntry | undefined): AsyncGenerator<Iterable<ReadLine>> {
    const progress = { last: -1, count: (begin?.line ?? 1) - 1 };
    try {
      for await (const batch of fileLines(this.path, begin)) yield this.checked(batch, from, progress);
    } catch (cause) {
      throw unreadable(this.path, cause);
    }
    if (progress.count !== this.facts.records) {
      throw this.damaged(progress.count, `the file ends after it, but should have ${this.facts.records} lines`);
    }
  }

  private *checked(batch: readonly FileLine[], from: number, progress: { last: number; count: number }) {
    for (const { text, line, whole } of batch) {
      const read = whole ? readRecordLine(text) : 'the file ends in the middle of it';
      if (typeof read === 'string') throw this.damaged(line, read);
      if (read.record.offset <= progress.last) throw this.damaged(line, 'its offset is not above the one before');
      progress.last = read.record.offset;
      progress.count++;
      if (progress.last >= from) yield read;
    }
  }

  private async indexed(): Promise<readonly IndexEntry[]> {
    if (this.index !== undefined) return this.index;
    const entries: IndexEntry[] = [];
    const { firstOffset } = this.facts;
    try {
      for await (const lines of fileLines(this.path)) {
        for (const { text, line, position } of lines) {
          if ((line - 1) % STRIDE !== 0) continue;
          const offset = line === 1 ? firstOffset : offsetOf(text);
          if (offset === undefined) throw this.damaged(line, 'it has no offset');
          entries.push({ offset, position, line });
        }
      }
    } catch (cause) {
      throw unreadable(this.path, cause);
    }
    if (entries.length === 0) throw this.damaged(0, `the file is empty, but should have ${this.facts.records} lines`);
    this.index = entries;
    return entries;
  }

  private damaged(line: number, why: string): DataError {
    return new DataError(
      `The backup is damaged: ${this.path}, line ${line}: ${why}. Use another copy or an older backup.`,
      { code: BACKUP_DAMAGED, details: { file: this.path, line } },
    );
  }
}

function offsetOf(text: string): number | undefined {
  const digits = /^\{"offset":(\d+),/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The last entry at or before the offset. */
function entryBefore(index: readonly IndexEntry[], offset: number): IndexEntry {
  let [low, high] = [0, index.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((index[middle] as IndexEntry).offset <= offset) low = middle;
    else high = middle - 1;
  }
  return index[low] as IndexEntry;
}
