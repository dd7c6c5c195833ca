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
  /** Of the keys under which a value is. */
  readonly hashes: Set<number>;
  readonly offsets: number[];
}

const MAX_OFFSETS = 10;

export class KeyEncodings {
  /** Of the key under which each row came. */
  private readonly byRow = new RowInts();
  private readonly byName = new Map<string, number>();
  private readonly several = new Map<string, Several>();

  /** A version was written; `before` is the row that it replaced or became. */
  versionWritten(place: string, rows: { readonly row: Row; readonly before: Row | undefined }, key: KeyAt): void {
    const known = this.hashOfRow(rows.before);
    this.written(place, known, key);
    this.byRow.set(rows.row, key.hash);
  }

  /** `before`: the row that is purged by it, where there was one. */
  versionGone(place: string, before: Row | undefined, key: KeyAt): void {
    this.gone(place, this.hashOfRow(before), key);
  }

  settingWritten(name: string, key: KeyAt): void {
    this.written(name, this.byName.get(name), key);
    this.byName.set(name, key.hash);
  }

  settingGone(name: string, key: KeyAt): void {
    this.gone(name, this.byName.get(name), key);
    this.byName.delete(name);
  }

  /** What there is under several keys, or is deleted under one and still there under another. */
  *found(
    isThere: (place: string) => boolean,
  ): Iterable<{ readonly place: string; readonly offsets: readonly number[] }> {
    for (const [place, { hashes, offsets }] of this.several) {
      if (hashes.size > 1 || (hashes.size === 1 && !isThere(place))) yield { place, offsets };
    }
  }

  private hashOfRow(row: Row | undefined): number | undefined {
    const hash = row === undefined ? -1 : this.byRow.get(row);
    return hash < 0 ? undefined : hash;
  }

  private written(place: string, known: number | undefined, key: KeyAt): void {
    const several = this.several.get(place);
    if (several !== undefined) note(several, key);
    else if (known !== undefined && known !== key.hash) {
      this.several.set(place, { hashes: new Set([known, key.hash]), offsets: [key.offset] });
    }
  }

  private gone(place: string, known: number | undefined, key: KeyAt): void {
    const several = this.several.get(place);
    if (several !== undefined) several.hashes.delete(key.hash);
    else if (known !== undefined && known !== key.hash) {
      this.several.set(place, { hashes: new Set([known]), offsets: [key.offset] });
    }
  }
}

export interface KeyAt {
  readonly hash: number;
  readonly offset: number;
}

function note(several: Several, { hash, offset }: KeyAt): void {
  several.hashes.add(hash);
  if (several.offsets.length < MAX_OFFSETS) several.offsets.push(offset);
}
