import type { RawRecord } from '../../../src/recovery/records/raw-record.ts';
import type { SchemaReference } from '../../../src/sdk/schema-view.ts';
import {
  asLog,
  bytesOf,
  confluent,
  karapace,
  legacySchemaKey,
  type RecordWriter,
  type WrittenRecord,
  type WrittenSchema,
} from './record-bytes.ts';
import { referenceName, type SchemaType, schemaText, typeOf } from './schema-texts.ts';

/** A version as it is after all that happened. */
export interface LivedVersion {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly schemaType: SchemaType;
  readonly schema: string;
  readonly references: readonly SchemaReference[];
  readonly metadata: object | undefined;
  readonly deleted: boolean;
  /** Which of the schemas it is; see schema-texts.ts. */
  readonly number: number;
}

/** null: of the whole registry. */
export type Scope = string | null;

export interface LivedRegistry {
  readonly vendor: 'confluent' | 'karapace';
  /** What the registry has written, as its topic holds it. */
  readonly log: readonly RawRecord[];
  readonly versions: readonly LivedVersion[];
  readonly configs: ReadonlyMap<Scope, object>;
  readonly modes: ReadonlyMap<Scope, object>;
  /** By context: the highest id that a record of the log carries. */
  readonly maxIds: ReadonlyMap<string, number>;
}

export interface RegistryLifeOptions {
  readonly vendor: 'confluent' | 'karapace';
  /** Whether the keys of this subject's schemas were written by an old Karapace. */
  readonly isLegacy?: (subject: string) => boolean;
  /** A subject never has one schema alive twice: an import answers with the one that is there. What is written to the topic itself can have it. */
  readonly isPlain?: boolean;
}

export function contextOf(subject: string): string {
  return /^:\.([^:]*):/.exec(subject)?.[1] ?? '';
}

const placeOf = (subject: string, version: number): string => `${version}\n${subject}`;

/**
 * A registry that only writes: does what it is asked to as far as a registry would, appends the records that it would append, and keeps
 * what then holds. What a registry would refuse does nothing and answers undefined.
 */
export class RegistryLife {
  readonly written: WrittenRecord[] = [];
  private readonly writer: RecordWriter;
  private readonly isLegacy: (subject: string) => boolean;
  private readonly isPlain: boolean;
  private readonly versions = new Map<string, LivedVersion>();
  private readonly configs = new Map<Scope, object>();
  private readonly modes = new Map<Scope, object>();
  /** Which are deleted by no record of their own but that of their subject: the offset of the last such record. */
  private readonly deletedAt = new Map<string, number>();
  /** By context: highest id that was ever given out. */
  private readonly given = new Map<string, number>();
  readonly vendor: 'confluent' | 'karapace';

  constructor({ vendor, isLegacy = () => false, isPlain = false }: RegistryLifeOptions) {
    this.vendor = vendor;
    this.writer = vendor === 'confluent' ? confluent : karapace;
    this.isLegacy = isLegacy;
    this.isPlain = isPlain;
  }

  of(subject: string): readonly LivedVersion[] {
    const all = [...this.versions.values()].filter((version) => version.subject === subject);
    return all.sort((a, b) => a.version - b.version);
  }

  live(context: string): readonly LivedVersion[] {
    return [...this.versions.values()].filter((v) => !v.deleted && contextOf(v.subject) === context);
  }

  get all(): readonly LivedVersion[] {
    return [...this.versions.values()];
  }

  register(
    subject: string,
    number: number,
    more: { readonly referred?: LivedVersion; readonly metadata?: object; readonly id?: number } = {},
  ): LivedVersion | undefined {
    const context = contextOf(subject);
    const schema = this.schemaOf(number, more.referred, more.metadata);
    const same = this.alive(subject, contentOf(schema));
    if (same !== undefined) return same;
    const twin = this.all.find((v) => contextOf(v.subject) === context && contentOf(v) === contentOf(schema));
    const holder = this.all.find((v) => contextOf(v.subject) === context && v.id === more.id);
    if (more.id !== undefined && (twin !== undefined ? twin.id !== more.id : holder !== undefined)) return undefined;
    const id = twin?.id ?? more.id ?? (this.given.get(context) ?? 0) + 1;
    const version = (this.of(subject).at(-1)?.version ?? 0) + 1;
    return this.put({ subject, version, id, deleted: false, ...schema });
  }

  private schemaOf(number: number, referred: LivedVersion | undefined, metadata: object | undefined) {
    const references =
      referred === undefined
        ? []
        : [{ name: referenceName(referred.number), subject: referred.subject, version: referred.version }];
    return {
      number,
      schemaType: typeOf(number),
      schema: schemaText(number, referred?.number, this.vendor === 'karapace'),
      references,
      metadata,
    };
  }

  private put(version: LivedVersion): LivedVersion {
    const { number: _, schemaType, metadata, references, ...plain } = version;
    const schema: WrittenSchema = {
      ...plain,
      schemaType,
      references,
      ...(metadata === undefined ? {} : { metadata }),
    };
    this.append(this.keyed(version, this.writer.schema(schema)));
    const place = placeOf(version.subject, version.version);
    this.versions.set(place, version);
    this.deletedAt.delete(place);
    const context = contextOf(version.subject);
    this.given.set(context, Math.max(this.given.get(context) ?? 0, version.id));
    return version;
  }

  private keyed({ subject, version }: Pick<LivedVersion, 'subject' | 'version'>, record: WrittenRecord): WrittenRecord {
    return this.isLegacy(subject) ? { ...record, key: bytesOf(legacySchemaKey(subject, version)) } : record;
  }

  private append(record: WrittenRecord): void {
    this.written.push(record);
  }

  private isReferred(version: LivedVersion): boolean {
    return this.all.some((other) =>
      other.references.some((ref) => ref.subject === version.subject && ref.version === version.version),
    );
  }

  softDelete(version: LivedVersion): LivedVersion | undefined {
    if (version.deleted || this.isReferred(version)) return undefined;
    return this.put({ ...version, deleted: true });
  }

  undelete(version: LivedVersion): LivedVersion | undefined {
    const isTaken = this.isPlain && this.alive(version.subject, contentOf(version)) !== undefined;
    return version.deleted && !isTaken ? this.put({ ...version, deleted: false }) : undefined;
  }

  private alive(subject: string, content: string): LivedVersion | undefined {
    return this.of(subject).find((version) => !version.deleted && contentOf(version) === content);
  }

  softDeleteSubject(subject: string): void {
    const live = this.of(subject).filter((version) => !version.deleted);
    const last = live.at(-1);
    if (last === undefined || live.some((version) => this.isReferred(version))) return;
    for (const version of this.of(subject).filter((each) => each.version <= last.version)) {
      const place = placeOf(subject, version.version);
      if (!version.deleted || this.deletedAt.has(place)) this.deletedAt.set(place, this.written.length);
      this.versions.set(place, { ...version, deleted: true });
    }
    this.append(this.writer.deleteSubject(subject, last.version));
  }

  hardDelete(version: LivedVersion): void {
    if (!version.deleted || this.isReferred(version)) return;
    this.append(this.keyed(version, this.writer.gone(version.subject, version.version)));
    const place = placeOf(version.subject, version.version);
    this.versions.delete(place);
    this.deletedAt.delete(place);
  }

  setConfig(scope: Scope, value: object | null): void {
    if (value === null && !this.configs.has(scope)) return;
    // Karapace only changes the level of the whole registry.
    if (value === null && scope === null && this.vendor === 'karapace') return;
    this.append(this.writer.config(scope, value));
    if (value === null) this.configs.delete(scope);
    else this.configs.set(scope, value);
  }

  /** Only Confluent's registries have modes. */
  setMode(scope: Scope, mode: string | null): void {
    if (this.vendor !== 'confluent' || (mode === null && !this.modes.has(scope))) return;
    this.append(this.writer.mode(scope, mode === null ? null : { mode }));
    if (mode === null) this.modes.delete(scope);
    else this.modes.set(scope, { mode });
  }

  /** As `PUT /mode/{subject}` does it: what is soft-deleted is purged, then schemas come with their ids, then it is over. */
  import(subject: string, schemas: readonly { readonly number: number; readonly idsAhead: number }[]): void {
    const before = this.of(subject);
    if (this.vendor !== 'confluent' || before.some((v) => !v.deleted || this.isReferred(v))) return;
    for (const version of before) this.hardDelete(version);
    if (before.length > 0) this.append(this.writer.clearSubject(subject));
    this.setMode(subject, 'IMPORT');
    for (const { number, idsAhead } of schemas) {
      this.register(subject, number, { id: (this.given.get(contextOf(subject)) ?? 0) + idsAhead });
    }
    this.setMode(subject, 'READWRITE');
  }

  noop(): void {
    this.append(this.writer.noop());
  }

  /** `compacted`: of each key only the last record is left, but for the newest few. */
  end({ compacted = false }: { readonly compacted?: boolean } = {}): LivedRegistry {
    const whole = asLog(this.written);
    const log = compacted ? compact(whole) : whole;
    const { vendor, configs, modes } = this;
    return { vendor, log, versions: this.versionsOf(log), configs, modes, maxIds: idsIn(log) };
  }

  /**
   * The deletions of a subject all have the same key, and one may reach less far than the one before it, once versions were undeleted. What
   * only that one deleted is back when a registry of either vendor reads the compacted log.
   */
  private versionsOf(log: readonly RawRecord[]): readonly LivedVersion[] {
    const left = new Set(log.map(({ offset }) => offset));
    return this.all.map((version) => {
      const at = this.deletedAt.get(placeOf(version.subject, version.version));
      return at === undefined || left.has(at) ? version : { ...version, deleted: false };
    });
  }
}

/** What an id stands for. */
function contentOf({
  schemaType,
  schema,
  references,
  metadata,
}: Pick<LivedVersion, 'schemaType' | 'schema' | 'references' | 'metadata'>): string {
  return JSON.stringify([schemaType, schema, references, metadata ?? null]);
}

export { contentOf as livedContent };

/** How many records at the end compaction has not come to yet. */
const ACTIVE = 5;

function compact(log: readonly RawRecord[]): readonly RawRecord[] {
  const last = new Map(log.map(({ key, offset }) => [Buffer.from(key ?? []).toString('latin1'), offset]));
  return log.filter(({ key, offset }) => {
    return offset >= log.length - ACTIVE || last.get(Buffer.from(key ?? []).toString('latin1')) === offset;
  });
}

function idsIn(log: readonly RawRecord[]): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  for (const { value } of log) {
    if (value === null || value.length === 0) continue;
    const json = JSON.parse(Buffer.from(value).toString('utf8')) as { readonly subject?: string; readonly id?: number };
    if (json.id === undefined || json.subject === undefined) continue;
    const context = contextOf(json.subject);
    ids.set(context, Math.max(ids.get(context) ?? 0, json.id));
  }
  return ids;
}
