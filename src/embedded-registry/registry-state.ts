/**
 * What a node knows: the topic `_schemas` played back up to some offset. Changed by records only, so that two nodes that
 * read the same records know the same.
 */

import type { CompatibilityLevel } from '../registry/avro/avro-compatibility.ts';
import { COMPATIBILITY_LEVELS } from '../registry/avro/avro-compatibility.ts';
import { parseAvro } from '../registry/avro/avro-schema.ts';
import { contextSubject } from '../registry/subject-context.ts';
import type { SchemaReference } from '../sdk/schema-view.ts';
import { renderAvro } from './avro-text.ts';
import type { JsonObject, RegistryMode, RegistryRecord, StoredSchema } from './registry-record.ts';
import { contentKey } from './schema-content.ts';
import { contextOf, isWithin } from './subject-name.ts';
import type { VendorProfile } from './vendor-profile.ts';

/** A schema as its id names it. */
export interface IdEntry {
  /** The record whose text the id answers with. */
  schema: StoredSchema;
  /** `subject` and version of every record with this id, by `subject\n version`. */
  readonly places: Map<string, Place>;
}

interface Place {
  readonly subject: string;
  readonly version: number;
}

/** A record that contradicts an earlier one and was not taken over: the primary puts the old value back. */
export interface Rollback {
  readonly reason: string;
  readonly record: RegistryRecord;
}

interface ContextState {
  readonly byId: Map<number, IdEntry>;
  /** Content -> id: a schema has one id in its context, whatever the subject. */
  readonly idByContent: Map<string, number>;
  maxId: number;
}

export class RegistryState {
  private readonly profile: VendorProfile;
  private readonly contexts = new Map<string, ContextState>();
  private readonly subjects = new Map<string, Map<number, StoredSchema>>();
  /** What refers to a version, by the version's place: a delete asks, and may be one of many. */
  private readonly referrers = new Map<string, Map<string, Place>>();
  private readonly configs = new Map<string | null, JsonObject>();
  private readonly modes = new Map<string | null, RegistryMode>();

  constructor(profile: VendorProfile) {
    this.profile = profile;
  }

  apply(record: RegistryRecord): Rollback | undefined {
    switch (record.keytype) {
      case 'SCHEMA':
        if (record.value !== null) return this.put(record.value);
        this.purge(record.subject, record.version);
        return undefined;
      case 'CONFIG':
        if (record.value === null) this.configs.delete(record.subject);
        else this.configs.set(record.subject, record.value);
        return undefined;
      case 'MODE':
        if (record.value === null) this.modes.delete(record.subject);
        else this.modes.set(record.subject, record.value.mode);
        return undefined;
      case 'DELETE_SUBJECT':
        for (const [version, schema] of this.subjects.get(record.subject) ?? []) {
          if (version <= record.version && !schema.deleted) this.store({ ...schema, deleted: true });
        }
        return undefined;
      case 'CLEAR_SUBJECT':
        for (const schema of this.schemas({ deleted: true, subjectPrefix: record.subject ?? '' })) {
          if (isWithin(record.subject, schema.subject) && schema.deleted) this.purge(schema.subject, schema.version);
        }
        return undefined;
      case 'NOOP':
        return undefined;
    }
  }

  private put(schema: StoredSchema): Rollback | undefined {
    const context = this.context(contextOf(schema.subject));
    const known = context.byId.get(schema.id);
    const isOther = known !== undefined && contentKey(known.schema) !== contentKey(schema);
    if (isOther && this.profile.duplicateId === 'first-wins' && !this.isOnlyPlace(known, schema)) {
      const before = this.subjects.get(schema.subject)?.get(schema.version) ?? null;
      const { subject, version } = schema;
      return {
        reason: `schema id ${schema.id} of subject ${subject} version ${version} already stands for another schema`,
        record: { keytype: 'SCHEMA', subject, version, value: before },
      };
    }
    if (this.profile.dropsDanglingReferences && schema.references.some((ref) => this.version(ref) === undefined)) {
      return undefined;
    }
    this.purge(schema.subject, schema.version);
    this.store(schema);
    return undefined;
  }

  /** A record that is written anew under its own key contradicts nobody. */
  private isOnlyPlace(entry: IdEntry, schema: StoredSchema): boolean {
    return entry.places.size === 1 && entry.places.has(placeKey(schema.subject, schema.version));
  }

  private store(schema: StoredSchema): void {
    const context = this.context(contextOf(schema.subject));
    const versions = this.subjects.get(schema.subject) ?? new Map<number, StoredSchema>();
    this.subjects.set(schema.subject, versions.set(schema.version, schema));
    const entry = context.byId.get(schema.id);
    const place = { subject: schema.subject, version: schema.version };
    if (entry === undefined) {
      const places = new Map([[placeKey(place.subject, place.version), place]]);
      context.byId.set(schema.id, { schema, places });
    } else {
      entry.places.set(placeKey(place.subject, place.version), place);
      if (this.profile.duplicateId === 'last-wins' || entry.places.size === 1) entry.schema = schema;
    }
    for (const reference of schema.references) {
      const key = placeKey(reference.subject, reference.version);
      const referrers = this.referrers.get(key) ?? new Map<string, Place>();
      this.referrers.set(key, referrers.set(placeKey(place.subject, place.version), place));
    }
    const key = this.canonicalKey(schema);
    if (!context.idByContent.has(key)) context.idByContent.set(key, schema.id);
    context.maxId = Math.max(context.maxId, schema.id);
  }

  private purge(subject: string, version: number): void {
    const versions = this.subjects.get(subject);
    const schema = versions?.get(version);
    if (versions === undefined || schema === undefined) return;
    versions.delete(version);
    if (versions.size === 0) this.subjects.delete(subject);
    for (const reference of schema.references) {
      const key = placeKey(reference.subject, reference.version);
      this.referrers.get(key)?.delete(placeKey(subject, version));
      if (this.referrers.get(key)?.size === 0) this.referrers.delete(key);
    }
    const context = this.context(contextOf(subject));
    const entry = context.byId.get(schema.id);
    entry?.places.delete(placeKey(subject, version));
    if (entry === undefined || entry.places.size > 0 || this.profile.keepsPurgedIds) return;
    context.byId.delete(schema.id);
    const key = this.canonicalKey(schema);
    if (context.idByContent.get(key) === schema.id) context.idByContent.delete(key);
  }

  /** Texts of other writers may be spelled otherwise than ours; what can't be read is compared as it is. */
  private canonicalKey(schema: StoredSchema): string {
    if (schema.schemaType !== 'AVRO' || this.profile.sortsSchemaKeys) return contentKey(schema);
    try {
      const references = this.referencedTexts(schema.references) ?? [];
      return contentKey({ ...schema, schema: renderAvro(parseAvro(schema.schema, { references })) });
    } catch {
      return contentKey(schema);
    }
  }

  private context(name: string): ContextState {
    const known = this.contexts.get(name);
    if (known !== undefined) return known;
    const made: ContextState = { byId: new Map(), idByContent: new Map(), maxId: 0 };
    this.contexts.set(name, made);
    return made;
  }

  /** Highest id ever seen in the context, purged ones included; 0: none. */
  maxId(context: string): number {
    return this.contexts.get(context)?.maxId ?? 0;
  }

  byId(context: string, id: number): IdEntry | undefined {
    return this.contexts.get(context)?.byId.get(id);
  }

  /** The id that this content has in the context. */
  idOf(context: string, key: string): number | undefined {
    return this.contexts.get(context)?.idByContent.get(key);
  }

  contextNames(): readonly string[] {
    const names = new Set(['', ...[...this.subjects.keys()].map(contextOf)]);
    return [...names].sort();
  }

  /** In ascending order; soft-deleted ones only when asked for. */
  versions(subject: string, options: { readonly deleted: boolean }): readonly StoredSchema[] {
    const versions = [...(this.subjects.get(subject)?.values() ?? [])];
    return versions.filter((v) => options.deleted || !v.deleted).sort((a, b) => a.version - b.version);
  }

  /** Soft-deleted or not. */
  version({ subject, version }: Pick<SchemaReference, 'subject' | 'version'>): StoredSchema | undefined {
    if (version === -1) return this.versions(subject, { deleted: false }).at(-1);
    return this.subjects.get(subject)?.get(version);
  }

  /** Subject names in order. `deleted`: those too of which nothing but soft-deleted versions is left. */
  subjectNames(options: { readonly deleted: boolean }): readonly string[] {
    const names = [...this.subjects.keys()];
    return names.filter((name) => this.versions(name, options).length > 0).sort();
  }

  schemas(options: { readonly deleted: boolean; readonly subjectPrefix: string }): readonly StoredSchema[] {
    const names = this.subjectNames(options).filter((name) => name.startsWith(options.subjectPrefix));
    return names.flatMap((name) => this.versions(name, options));
  }

  /** Schemas, not soft-deleted, that refer to this version. */
  referencedBy(subject: string, version: number): readonly StoredSchema[] {
    const places = this.referrers.get(placeKey(subject, version))?.values() ?? [];
    return [...places].flatMap((place) => this.version(place) ?? []).filter(({ deleted }) => !deleted);
  }

  /**
   * The texts that references stand for, each after those that it needs itself. undefined: one of them is not there.
   */
  referencedTexts(references: readonly SchemaReference[]): readonly string[] | undefined {
    const texts = new Map<string, string>();
    const collect = (list: readonly SchemaReference[], above: ReadonlySet<string>): boolean =>
      list.every((reference) => {
        const schema = this.version(reference);
        if (schema === undefined) return false;
        const key = placeKey(schema.subject, schema.version);
        if (texts.has(key) || above.has(key)) return true;
        const isComplete = collect(schema.references, new Set(above).add(key));
        texts.set(key, schema.schema);
        return isComplete;
      });
    return collect(references, new Set()) ? [...texts.values()] : undefined;
  }

  /** What was set for exactly this subject (null: globally). */
  config(subject: string | null): JsonObject | undefined {
    return this.configs.get(subject);
  }

  mode(subject: string | null): RegistryMode | undefined {
    return this.modes.get(subject);
  }

  /** The level that holds for a subject. */
  compatibility(subject: string | null): CompatibilityLevel {
    const ofContext = subject === null ? undefined : this.configs.get(contextSubject(contextOf(subject)) ?? null);
    return levelOf(this.configs.get(subject)) ?? levelOf(ofContext) ?? levelOf(this.configs.get(null)) ?? 'BACKWARD';
  }

  normalizes(subject: string): boolean {
    return (this.configs.get(subject)?.['normalize'] ?? this.configs.get(null)?.['normalize']) === true;
  }

  /** The mode that holds for a subject: its own, its context's, the registry's; a global READONLY_OVERRIDE stands above all. */
  effectiveMode(subject: string | null): RegistryMode {
    const global = this.modes.get(null) ?? 'READWRITE';
    if (global === 'READONLY_OVERRIDE') return global;
    const ofContext = subject === null ? undefined : this.modes.get(contextSubject(contextOf(subject)) ?? null);
    return this.modes.get(subject) ?? ofContext ?? global;
  }
}

function placeKey(subject: string, version: number): string {
  return `${subject}\n${version}`;
}

function levelOf(config: JsonObject | undefined): CompatibilityLevel | undefined {
  return COMPATIBILITY_LEVELS.find((level) => level === config?.['compatibilityLevel']);
}
