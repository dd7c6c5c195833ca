/** Which versions have a text that is a schema by itself: judged while the records are read, so that only the others are read again. */
import { contextOf } from '../../registry/subject-context.ts';
import type { SchemaValue } from '../records/schemas-record.ts';
import { RowBytes } from '../state/row-columns.ts';
import type { StateReplay } from '../state/state-replay.ts';
import type { Row } from '../state/version-table.ts';
import { NO_TEXTS, needsTexts, type SchemaTexts } from './schema-texts.ts';

/** Contents that are known to be sound: a schema is mostly written again, or under another subject, not long after it. A power of two. */
const REMEMBERED = 16_384;

export class SoundTexts {
  private readonly state: StateReplay;
  private readonly texts: SchemaTexts;
  private readonly sound = new RowBytes();
  private readonly known = new KnownDigests();

  constructor(parts: { readonly state: StateReplay; readonly texts: SchemaTexts }) {
    this.state = parts.state;
    this.texts = parts.texts;
  }

  /** The row has this value from now on. */
  see(row: Row, value: SchemaValue): void {
    this.sound.set(row, this.judge(row, value) ? 1 : 0);
  }

  /** Of a row whose text needs others, or is damaged: false. */
  has(row: Row): boolean {
    return this.sound.get(row) === 1;
  }

  private judge(row: Row, value: SchemaValue): boolean {
    if (needsTexts(value)) return false;
    const { versionTable: table } = this.state;
    const first = this.state.firstRowOf(contextOf(value.subject), value.id);
    if (first !== undefined && first !== row && this.has(first) && table.compareContents(first, row) === 0) return true;
    const content = table.contentOf(row);
    if (this.known.has(content)) return true;
    if (this.texts.problemOf(value.schemaType, value.schema, NO_TEXTS) !== undefined) return false;
    this.known.add(content);
    return true;
  }
}

/** The last digests, each in the one place that its first bytes name: half a megabyte, whatever comes. */
class KnownDigests {
  private readonly bytes = Buffer.alloc(REMEMBERED * DIGEST);

  has(digest: Buffer): boolean {
    const at = placeOf(digest);
    return this.bytes.compare(digest, 0, DIGEST, at, at + DIGEST) === 0;
  }

  add(digest: Buffer): void {
    this.bytes.set(digest, placeOf(digest));
  }
}

const DIGEST = 32;

function placeOf(digest: Buffer): number {
  return (digest.readUInt32LE(0) & (REMEMBERED - 1)) * DIGEST;
}
