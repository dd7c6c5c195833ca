/** The operations that read schemas. */
import { failures } from './registry-answer.ts';
import type { StoredSchema } from './registry-record.ts';
import type { IdEntry, RegistryState } from './registry-state.ts';
import type { RoutedRequest } from './routes.ts';
import { contextOf, qualify } from './subject-name.ts';

export const flag = (request: RoutedRequest, name: string): boolean =>
  request.query.get(name)?.toLowerCase() === 'true';

/** The subject of a path that has one. */
export function subjectOf(request: RoutedRequest): string {
  if (request.subject === null) throw failures.notFound();
  return request.subject;
}

/** Confluent's default prefix `:*:` means every context, and so does an empty one here, but for a request to one context. */
function prefixOf({ context, query }: RoutedRequest): string {
  const given = query.get('subjectPrefix') ?? '';
  return qualify(context, given === ':*:' ? '' : given);
}

/** -1 for the latest. Throws 42202. */
export function versionOf(text: string): number {
  if (text === 'latest' || text === '-1') return -1;
  const version = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (version < 1 || version > 2 ** 31 - 1) throw failures.invalidVersion(text);
  return version;
}

/** As an answer by subject shows it. */
export function schemaAnswer(schema: StoredSchema): Record<string, unknown> {
  const { subject, version, id } = schema;
  return { subject, version, id, ...textAnswer(schema) };
}

/** As an answer by id shows it: absent schemaType means AVRO. */
export function textAnswer(schema: StoredSchema): Record<string, unknown> {
  return {
    ...(schema.schemaType === 'AVRO' ? {} : { schemaType: schema.schemaType }),
    ...(schema.references.length === 0 ? {} : { references: schema.references }),
    ...(schema.metadata === undefined ? {} : { metadata: schema.metadata }),
    ...(schema.ruleSet === undefined ? {} : { ruleSet: schema.ruleSet }),
    schema: schema.schema,
  };
}

/** The version that a path names. Throws 40401 and 40402; a soft-deleted one is found only when asked for. */
export function findVersion(
  state: RegistryState,
  subject: string,
  version: number,
  options: { readonly deleted: boolean },
): StoredSchema {
  const versions = state.versions(subject, options);
  if (versions.length === 0) throw failures.subjectNotFound(subject);
  const found = version === -1 ? versions.at(-1) : versions.find((candidate) => candidate.version === version);
  if (found === undefined) throw failures.versionNotFound(version);
  return found;
}

export class SchemaReads {
  private readonly state: RegistryState;

  constructor({ state }: { readonly state: RegistryState }) {
    this.state = state;
  }

  read(request: RoutedRequest): unknown {
    switch (request.operation) {
      case 'contexts':
        return this.state.contextNames().map((name) => `.${name}`);
      case 'subjects':
        return this.subjects(request);
      case 'versions':
        return this.versions(request);
      case 'version':
        return schemaAnswer(this.version(request));
      case 'version-schema':
        return JSON.parse(asJson(this.version(request)));
      case 'referenced-by': {
        const { subject, version } = this.version(request);
        const ids = this.state.referencedBy(subject, version).map((schema) => schema.id);
        return [...new Set(ids)].sort((a, b) => a - b);
      }
      case 'schemas':
        return this.schemas(request);
      case 'schema-types':
        return ['JSON', 'PROTOBUF', 'AVRO'];
      case 'by-id':
        return this.byId(request);
      case 'by-id-schema':
        return JSON.parse(asJson(this.entry(request).schema));
      case 'by-id-subjects': {
        const subjects = this.places(request).map((place) => place.subject);
        return [...new Set(subjects)].sort();
      }
      case 'by-id-versions':
        return this.places(request);
      default:
        throw failures.notFound();
    }
  }

  private subjects(request: RoutedRequest): unknown {
    const wanted = prefixOf(request);
    const names = this.state.subjectNames({ deleted: flag(request, 'deleted') || flag(request, 'deletedOnly') });
    return names.filter((name) => {
      if (!name.startsWith(wanted)) return false;
      return !flag(request, 'deletedOnly') || this.state.versions(name, { deleted: false }).length === 0;
    });
  }

  private versions(request: RoutedRequest): unknown {
    const subject = subjectOf(request);
    const deletedOnly = flag(request, 'deletedOnly');
    const versions = this.state.versions(subject, { deleted: flag(request, 'deleted') || deletedOnly });
    if (versions.length === 0) throw failures.subjectNotFound(subject);
    return versions.filter((schema) => !deletedOnly || schema.deleted).map((schema) => schema.version);
  }

  private version(request: RoutedRequest): StoredSchema {
    const version = versionOf(request.item);
    return findVersion(this.state, subjectOf(request), version, { deleted: flag(request, 'deleted') });
  }

  private schemas(request: RoutedRequest): unknown {
    const schemas = this.state.schemas({
      deleted: flag(request, 'deleted'),
      subjectPrefix: prefixOf(request),
    });
    const latestOnly = flag(request, 'latestOnly');
    const wanted = schemas.filter((schema, i) => !latestOnly || schemas[i + 1]?.subject !== schema.subject);
    const offset = Math.max(0, Number(request.query.get('offset') ?? 0) || 0);
    const limit = Number(request.query.get('limit') ?? -1);
    const page = wanted.slice(offset, Number.isInteger(limit) && limit > 0 ? offset + limit : undefined);
    return page.map(schemaAnswer);
  }

  private byId(request: RoutedRequest): unknown {
    const { schema } = this.entry(request);
    const context = this.contextFor(request);
    return {
      ...textAnswer(schema),
      ...(flag(request, 'fetchMaxId') ? { maxId: this.state.maxId(context) } : {}),
    };
  }

  private contextFor(request: RoutedRequest): string {
    const subject = request.query.get('subject');
    return subject === null ? request.context : contextOf(qualify(request.context, subject));
  }

  private entry(request: RoutedRequest): IdEntry {
    if (!/^\d{1,10}$/.test(request.item)) throw failures.notFound();
    const id = Number(request.item);
    const entry = this.state.byId(this.contextFor(request), id);
    if (entry === undefined) throw failures.idNotFound(id);
    return entry;
  }

  private places(request: RoutedRequest): readonly { readonly subject: string; readonly version: number }[] {
    const withDeleted = flag(request, 'deleted');
    const places = [...this.entry(request).places.values()];
    return places.filter((place) => withDeleted || this.state.version(place)?.deleted === false);
  }
}

/** `/schema` answers the text itself as a body; Protobuf is no JSON and comes as a JSON string. */
function asJson(schema: StoredSchema): string {
  return schema.schemaType === 'PROTOBUF' ? JSON.stringify(schema.schema) : schema.schema;
}
