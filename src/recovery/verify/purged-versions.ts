/** Versions that were purged and are not back, as far as they are kept. */

const MAX = 200_000;

interface Purged {
  readonly offset: number;
  readonly id: number;
}

export class PurgedVersions {
  private readonly purged = new Map<string, Purged>();

  add(place: string, purged: Purged): void {
    if (this.purged.size < MAX) this.purged.set(place, purged);
  }

  get(place: string): Purged | undefined {
    return this.purged.get(place);
  }

  /** It is back. */
  take(place: string): Purged | undefined {
    if (this.purged.size === 0) return undefined;
    const purged = this.purged.get(place);
    this.purged.delete(place);
    return purged;
  }
}

/** One text for a version of a subject. */
export function placeOf(subject: string, version: number): string {
  return `${version}\n${subject}`;
}

/** undefined: not from {@link placeOf}. */
export function splitPlace(place: string): { readonly subject: string; readonly version: number } | undefined {
  const at = place.indexOf('\n');
  const version = Number(place.slice(0, at));
  return at <= 0 || !Number.isInteger(version) ? undefined : { subject: place.slice(at + 1), version };
}
