/** What the registry has that is restored into: digests in memory, and the texts of what is soft-deleted in a file. */
import { contextOf } from '../../registry/subject-context.ts';
import { referred } from '../records/referenced-subject.ts';
import type { SchemaValue } from '../records/schemas-record.ts';
import type { RestWitness, WitnessedVersion, WitnessVendor } from '../snapshot/rest-witness.ts';
import { type VersionKey, versionKey } from './list-schemas.ts';
import type { Settings } from './read-settings.ts';
import { restContent, textContent } from './rest-content.ts';
import { StoredVersions } from './stored-versions.ts';

export interface TargetVersion {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly content: string;
  readonly deleted: boolean;
}

export class TargetIndex {
  private told: RestWitness;
  private readonly stored: StoredVersions;
  private readonly subjects = new Map<string, Map<number, TargetVersion>>();
  private readonly byId = new Map<string, TargetVersion>();
  /** By context and content, the first one. */
  private readonly byContent = new Map<string, TargetVersion>();
  /** By subject, the living ones by content; of the subjects that were asked for. */
  private readonly livingBySubject = new Map<string, Map<string, TargetVersion[]>>();
  /** By what they refer to, the living ones. */
  private readonly users = new Map<VersionKey, TargetVersion[]>();
  private readonly highest = new Map<string, number>();
  private readonly places = new Map<TargetVersion, number>();

  private constructor(options: { readonly witness: RestWitness; readonly stored: StoredVersions }) {
    this.told = options.witness;
    this.stored = options.stored;
  }

  /** @param folder for a temporary file; its owner removes it */
  static async read(witness: RestWitness, folder: string, signal: AbortSignal): Promise<TargetIndex> {
    const index = new TargetIndex({ witness, stored: await StoredVersions.create(folder) });
    for await (const batch of witness.versions()) {
      signal.throwIfAborted();
      for (const version of batch) await index.add(version);
    }
    return index;
  }

  private async add(value: WitnessedVersion): Promise<void> {
    const { subject, version, id, deleted } = value;
    const known: TargetVersion = { subject, version, id, deleted, content: this.contentOf(value) };
    const versions = this.subjects.get(subject) ?? new Map<number, TargetVersion>();
    this.subjects.set(subject, versions.set(version, known));
    const context = contextOf(subject);
    const contentKey = `${known.content} ${context}`;
    if (!this.byContent.has(contentKey)) this.byContent.set(contentKey, known);
    this.byId.set(idKey(context, id), known);
    this.highest.set(context, Math.max(this.highest.get(context) ?? 0, id));
    if (deleted) this.places.set(known, await this.stored.add(value));
    else this.refers(known, value.references);
  }

  private refers(user: TargetVersion, references: WitnessedVersion['references']): void {
    for (const reference of references) {
      const key = versionKey(referred(reference, user.subject));
      const known = this.users.get(key);
      if (known === undefined) this.users.set(key, [user]);
      else known.push(user);
    }
  }

  get witness(): RestWitness {
    return this.told;
  }

  /** Those of places that the witness does not tell, as nothing is registered there yet. */
  addSettings({ configs, modes }: Settings): void {
    const { told } = this;
    this.told = { ...told, configs: { ...told.configs, ...configs }, modes: { ...told.modes, ...modes } };
  }

  /** Equal for what the registry could not tell apart. */
  contentOf(value: Omit<SchemaValue, 'version' | 'id' | 'deleted'>): string {
    return keepsMetadata(this.witness.vendor) ? restContent(value) : textContent(value);
  }

  get isEmpty(): boolean {
    return this.subjects.size === 0;
  }

  versions(subject: string): Iterable<TargetVersion> {
    return this.subjects.get(subject)?.values() ?? [];
  }

  version(subject: string, version: number): TargetVersion | undefined {
    return this.subjects.get(subject)?.get(version);
  }

  ofId(context: string, id: number): TargetVersion | undefined {
    return this.byId.get(idKey(context, id));
  }

  /** A version that has it, under whatever id and subject. */
  ofContent(context: string, content: string): TargetVersion | undefined {
    return this.byContent.get(`${content} ${context}`);
  }

  /** The living versions of the subject that have it: one, but for what was imported. */
  living(subject: string, content: string): readonly TargetVersion[] {
    let byContent = this.livingBySubject.get(subject);
    if (byContent === undefined) {
      byContent = new Map();
      this.livingBySubject.set(subject, byContent);
      for (const version of this.versions(subject)) {
        if (!version.deleted) byContent.set(version.content, [...(byContent.get(version.content) ?? []), version]);
      }
    }
    return byContent.get(content) ?? [];
  }

  /** Living versions that refer to it. */
  usersOf(version: Pick<TargetVersion, 'subject' | 'version'>): readonly TargetVersion[] {
    return this.users.get(versionKey(version)) ?? [];
  }

  softDeleted(): Iterable<TargetVersion> {
    return this.places.keys();
  }

  /** Of a soft-deleted one only. */
  async value(version: TargetVersion): Promise<WitnessedVersion> {
    const place = this.places.get(version);
    if (place === undefined) throw new RangeError('only texts of soft-deleted versions are kept');
    return this.stored.read(place);
  }

  /** Highest id that it has. */
  highestId(context: string): number {
    return this.highest.get(context) ?? 0;
  }

  /** Highest id that it told, or has. */
  maxId(context: string): number {
    return Math.max(this.witness.maxIds[context] ?? 0, this.highestId(context));
  }

  contexts(): Iterable<string> {
    return new Set([...this.highest.keys(), ...Object.keys(this.witness.maxIds)]);
  }

  /** Removes the temporary file. */
  close(): Promise<void> {
    return this.stored.remove();
  }
}

/** Whether a registry keeps the metadata and rules of schemas: Karapace and Apicurio take and drop them. */
export function keepsMetadata(vendor: WitnessVendor): boolean {
  return vendor !== 'karapace' && vendor !== 'apicurio';
}

function idKey(context: string, id: number): string {
  return `${id} ${context}`;
}
