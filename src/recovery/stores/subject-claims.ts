/** Which ids a subject had, and as which versions: known ones, and proposals for those of which no store knows the version. */

export interface SettledVersion {
  readonly version: number;
  readonly id: number;
  /** No store knows the version of this id: a free one was taken. */
  readonly isProposed: boolean;
}

export interface VersionConflict {
  readonly version: number;
  readonly believed: { readonly id: number; readonly stores: readonly string[] };
  readonly others: readonly { readonly id: number; readonly stores: readonly string[] }[];
}

export class SubjectClaims {
  /** By version: which stores say which id. */
  private readonly versions = new Map<number, Map<number, string[]>>();
  /** Ids that a registry acknowledged under the subject. */
  private readonly proven = new Set<number>();

  addVersion(store: string, version: number, id: number): void {
    const ids = this.versions.get(version) ?? new Map<number, string[]>();
    this.versions.set(version, ids);
    ids.set(id, [...(ids.get(id) ?? []), store]);
  }

  prove(id: number): void {
    this.proven.add(id);
  }

  /**
   * Of a version with several ids the preferred store's is believed, then a proven one, then the one that more stores know.
   *
   * @param exists whether the content of an id is known: without it a version is not made
   */
  settle(
    prefer: string | undefined,
    exists: (id: number) => boolean,
  ): {
    readonly versions: readonly SettledVersion[];
    readonly conflicts: readonly VersionConflict[];
    /** Known under the subject, but nobody has their content. */
    readonly contentless: readonly number[];
  } {
    const conflicts: VersionConflict[] = [];
    const known: SettledVersion[] = [];
    for (const [version, ids] of [...this.versions].sort(([a], [b]) => a - b)) {
      const [believed, ...others] = [...ids]
        .map(([id, stores]) => ({ id, stores }))
        .sort(
          (a, b) => this.rank(a, prefer) - this.rank(b, prefer) || b.stores.length - a.stores.length || a.id - b.id,
        );
      if (believed === undefined) continue;
      if (others.length > 0) conflicts.push({ version, believed, others });
      known.push({ version, id: believed.id, isProposed: false });
    }
    const listed = new Set(known.map(({ id }) => id));
    const free = [...this.proven].filter((id) => !listed.has(id)).sort((a, b) => a - b);
    const all = proposed(known, free.filter(exists));
    const contentless = [...new Set([...listed, ...free])].filter((id) => !exists(id)).sort((a, b) => a - b);
    return { versions: all.filter(({ id }) => exists(id)), conflicts, contentless };
  }

  private rank({ id, stores }: { readonly id: number; readonly stores: readonly string[] }, prefer?: string): number {
    if (prefer !== undefined && stores.includes(prefer)) return 0;
    return this.proven.has(id) ? 1 : 2;
  }
}

/** Versions mostly grow with ids, so an id is put behind the versions of lower ids, in a gap where there is one, or else behind all. */
function proposed(known: readonly SettledVersion[], free: readonly number[]): readonly SettledVersion[] {
  const byId = [...known].sort((a, b) => a.id - b.id);
  const taken = new Set(known.map(({ version }) => version));
  /** By place in `byId`: the lowest version from there on. */
  const lowestFrom = new Array<number>(byId.length + 1).fill(Number.POSITIVE_INFINITY);
  for (let at = byId.length - 1; at >= 0; at--) {
    lowestFrom[at] = Math.min((byId[at] as SettledVersion).version, lowestFrom[at + 1] as number);
  }
  let behindAll = known.reduce((highest, { version }) => Math.max(highest, version), 0) + 1;
  const proposals: SettledVersion[] = [];
  let at = 0;
  let below = 0;
  for (const id of free) {
    for (; at < byId.length && (byId[at] as SettledVersion).id < id; at++) {
      below = Math.max(below, (byId[at] as SettledVersion).version);
    }
    const isInGap = below + 1 < (lowestFrom[at] as number) && !taken.has(below + 1);
    const version = isInGap ? below + 1 : behindAll;
    taken.add(version);
    behindAll = Math.max(behindAll, version + 1);
    below = Math.max(below, version);
    proposals.push({ version, id, isProposed: true });
  }
  return [...known, ...proposals].sort((a, b) => a.version - b.version);
}
