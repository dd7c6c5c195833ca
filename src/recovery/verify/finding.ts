/** One thing that is wrong, or odd, in a registry's records. */

/** `error`: ids or schemas are lost, wrong or at risk. `warning`: works, but will hurt. `note`: worth knowing. */
export type Severity = 'error' | 'warning' | 'note';

export interface Finding {
  /** Stable, in kebab case: `duplicate-id`, `empty-delete`, ... docs/guides/schemas-verify.md lists them. */
  readonly name: string;
  readonly severity: Severity;
  readonly subject?: string;
  readonly version?: number;
  /** '' is the default context. */
  readonly context?: string;
  readonly id?: number;
  /** In the snapshot, ascending; a few where there are many. */
  readonly offsets?: readonly number[];
  /** What is compared with what is verified: a node of a live registry, or another place. */
  readonly node?: string;
  /** So many more of this name were found and are not listed; on the last one that is. */
  readonly more?: number;
  /** What is the matter, in one or two sentences. */
  readonly message: string;
  /** What each vendor makes of it, where they differ. */
  readonly vendors?: Readonly<Record<string, string>>;
  /** How to mend it: a command where there is one. */
  readonly mend: string;
}

/** What holds for all findings of one name. */
export interface FindingKind {
  readonly severity: Severity;
  readonly what: string;
  readonly vendors?: Finding['vendors'];
  readonly mend: string;
}
