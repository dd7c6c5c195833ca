/** What must not be written again behind a log's end, since a record that vendors read differently has come later to the same place or id. */
import { contextOf } from '../../registry/subject-context.ts';
import type { ReadRecord } from '../records/schemas-record.ts';
import { isReadDifferently } from '../records/vendor-reading.ts';
import { contentDigest } from '../state/content-digest.ts';
import type { VersionState } from '../state/registry-state.ts';
import { placeKey } from './version-writes.ts';

interface Claim {
  readonly offset: number;
  /** Hex, as of {@link VersionState}. */
  readonly content: string;
}

/** Told of every record in order. Memory: some 500 bytes for each record that vendors read differently. */
export class DisputedPlaces {
  private readonly places = new Set<string>();
  /** By context and id. */
  private readonly claims = new Map<string, Claim[]>();

  see(offset: number, read: ReadRecord): void {
    if (read.ok) {
      const { record } = read;
      const isOfVersion = record.kind === 'schema' || record.kind === 'schema-gone';
      if (this.places.size > 0 && isOfVersion) this.places.delete(placeKey(record));
      return;
    }
    if (!isReadDifferently(read)) return;
    const { overlooked } = read;
    if (overlooked.kind === 'schema-gone') this.places.add(placeKey(overlooked));
    if (overlooked.kind !== 'schema') return;
    const claim = { offset, content: contentDigest(overlooked.value, 'confluent').toString('hex') };
    for (const place of [overlooked, overlooked.value]) {
      this.places.add(placeKey(place));
      const key = idKey(place.subject, overlooked.value.id);
      const known = this.claims.get(key);
      if (known === undefined) this.claims.set(key, [claim]);
      else known.push(claim);
    }
  }

  /** Whether writing it again would take back what one of the vendors reads. */
  has(version: VersionState): boolean {
    if (this.places.has(placeKey(version))) return true;
    const claims = this.claims.get(idKey(version.subject, version.id)) ?? [];
    return claims.some(({ offset, content }) => offset > version.offset && content !== version.content);
  }
}

function idKey(subject: string, id: number): string {
  return `${id} ${contextOf(subject)}`;
}
