/** Whether one version, or one setting, lies under several encodings of its key: compaction goes by the bytes. */
import { RowInts } from '../state/row-columns.ts';
import type { Row } from '../state/version-table.ts';

/** FNV-1a, 30 bits: small integers in V8. */
export function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) & 0x3fffffff;
}

interface Several {
  /** Of the keys under which a value is, with the offset of the last one. */
  readonly hashes: Map<number, number>;
  readonly offsets: number[];
}

const MAX_OFFSETS = 10;

export class KeyEncodings {
  /** Of the key under which each row came. */
  private readonly byRow = new RowInts();
  private readonly byName = new Map<string, KeyAt>();
  private readonly several = new Map<string, Several>();

  /** A version was written; `before` is the row that it replaced or became, as it lay until then. */
  versionWritten(place: string, rows: { readonly row: Row; readonly before: RowAt | undefined }, key: KeyAt): void {
    this.written(place, this.keyOf(rows.before), key);
    this.byRow.set(rows.row, key.hash);
  }

  /** `before`: the row that is purged by it, where there was one. */
  versionGone(place: string, before: RowAt | undefined, key: KeyAt): void {
    this.gone(place, this.keyOf(before), key);
  }

  settingWritten(name: string, key: KeyAt): void {
    this.written(name, this.byName.get(name), key);
    this.byName.set(name, key);
  }

  settingGone(name: string, key: KeyAt): void {
    this.gone(name, this.byName.get(name), key);
    this.byName.delete(name);
  }

  /** Whether compaction leaves a version below an offset under some encoding, where it has several. */
  staysBefore(place: string, offset: number): boolean {
    for (const last of this.several.get(place)?.hashes.values() ?? []) if (last < offset) return true;
    return false;
  }

  /** What there is under several keys, or is deleted under one and still there under another. */
  *found(
    isThere: (place: string) => boolean,
  ): Iterable<{ readonly place: string; readonly offsets: readonly number[] }> {
    for (const [place, { hashes, offsets }] of this.several) {
      if (hashes.size > 1 || (hashes.size === 1 && !isThere(place))) yield { place, offsets };
    }
  }

  private keyOf(row: RowAt | undefined): KeyAt | undefined {
    const hash = row === undefined ? -1 : this.byRow.get(row.row);
    return row === undefined || hash < 0 ? undefined : { hash, offset: row.offset };
  }

  private written(place: string, known: KeyAt | undefined, key: KeyAt): void {
    const several = this.several.get(place);
    if (several !== undefined) note(several, key);
    else if (known !== undefined && known.hash !== key.hash) {
      const hashes = new Map([known, key].map(({ hash, offset }) => [hash, offset]));
      this.several.set(place, { hashes, offsets: [key.offset] });
    }
  }

  private gone(place: string, known: KeyAt | undefined, key: KeyAt): void {
    const several = this.several.get(place);
    if (several !== undefined) several.hashes.delete(key.hash);
    else if (known !== undefined && known.hash !== key.hash) {
      this.several.set(place, { hashes: new Map([[known.hash, known.offset]]), offsets: [key.offset] });
    }
  }
}

export interface RowAt {
  readonly row: Row;
  readonly offset: number;
}

export interface KeyAt {
  readonly hash: number;
  readonly offset: number;
}

function note(several: Several, { hash, offset }: KeyAt): void {
  several.hashes.set(hash, offset);
  if (several.offsets.length < MAX_OFFSETS) several.offsets.push(offset);
}
