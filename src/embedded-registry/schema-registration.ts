/** Registering, looking up, and reading what is sent for both. */
import type { SchemaReference } from '../sdk/schema-view.ts';
import type { CompatibilityRequest } from './compatibility-check.ts';
import { compatibilityProblems } from './compatibility-check.ts';
import { failures, ok, type RegistryAnswer } from './registry-answer.ts';
import { isObject, type JsonObject, type RegistryRecord, referencesOf, type StoredSchema } from './registry-record.ts';
import type { RegistryState } from './registry-state.ts';
import type { RoutedRequest } from './routes.ts';
import { contentKey, contentOf, InvalidSchemaError, type SchemaContent } from './schema-content.ts';
import { flag, schemaAnswer, subjectOf } from './schema-reads.ts';
import { contextOf, parseSubject, qualify } from './subject-name.ts';
import type { VendorProfile } from './vendor-profile.ts';

/** Records to be written, and what to answer once they are read back. */
export interface WritePlan {
  readonly records: readonly RegistryRecord[];
  readonly answer: RegistryAnswer;
}

/** A body of `POST .../versions`. */
interface SchemaBody {
  readonly schema: string;
  readonly schemaType: SchemaContent['schemaType'];
  readonly references: readonly SchemaReference[];
  readonly metadata?: JsonObject;
  readonly ruleSet?: JsonObject;
  /** Imports only; -1: none given. */
  readonly id: number;
  readonly version: number;
}

export interface SchemaRegistrationOptions {
  readonly state: RegistryState;
  readonly profile: VendorProfile;
  readonly maxSchemaBytes: number;
}

export class SchemaRegistration {
  private readonly state: RegistryState;
  private readonly profile: VendorProfile;
  private readonly maxSchemaBytes: number;

  constructor({ state, profile, maxSchemaBytes }: SchemaRegistrationOptions) {
    this.state = state;
    this.profile = profile;
    this.maxSchemaBytes = maxSchemaBytes;
  }

  /**
   * The answer to a registration of what is registered already, which any node gives from its own copy; undefined when it
   * takes a write. Throws what is wrong with the request itself.
   */
  known(request: RoutedRequest): unknown {
    const { subject, body, content } = this.sent(request, { checkDefaults: false });
    const found = this.find(subject, content, { deleted: false, normalize: this.normalizes(request) });
    if (found === undefined) return undefined;
    if (body.id >= 0 && body.id !== found.id) throw failures.idDoesNotMatch(body.id, found.id);
    return body.version > 0 && body.version !== found.version ? undefined : { id: found.id };
  }

  /** What registering a schema that the subject does not have takes: decided by the primary alone. */
  plan(request: RoutedRequest): WritePlan {
    const { subject, body, content } = this.sent(request, { checkDefaults: true });
    const isImport = this.checkMode(subject, body);
    const context = contextOf(subject);
    const knownId = this.state.idOf(context, contentKey(content));
    if (!isImport) {
      const problems = compatibilityProblems(this.state, subject, content);
      if (problems.length > 0) throw failures.incompatible(this.profile.incompatibleCode, subject, problems);
    } else {
      const holder = this.state.byId(context, body.id);
      if (holder !== undefined && contentKey(holder.schema) !== contentKey(content)) {
        throw failures.operationNotPermitted(`Overwrite new schema with id ${body.id} is not permitted.`);
      }
    }
    const id = isImport ? body.id : (knownId ?? this.state.maxId(context) + 1);
    const last = this.state.versions(subject, { deleted: true }).at(-1)?.version ?? 0;
    const version = isImport && body.version > 0 ? body.version : last + 1;
    const { schemaType, references, schema, metadata, ruleSet } = content;
    const value: StoredSchema = {
      subject,
      version,
      id,
      schemaType,
      references,
      ...(metadata === undefined ? {} : { metadata }),
      ...(ruleSet === undefined ? {} : { ruleSet }),
      schema,
      deleted: false,
    };
    return {
      records: [...this.madeRoom({ subject, version, id }), { keytype: 'SCHEMA', subject, version, value }],
      answer: ok({ id }),
    };
  }

  /** Confluent's registry removes for good what is soft-deleted below a version of its id. */
  private madeRoom({ subject, version, id }: Pick<StoredSchema, 'subject' | 'version' | 'id'>): RegistryRecord[] {
    if (!this.profile.removesDeletedOfSameId) return [];
    return this.state
      .versions(subject, { deleted: true })
      .filter((below) => below.deleted && below.id === id && below.version < version)
      .map((below): RegistryRecord => ({ keytype: 'SCHEMA', subject, version: below.version, value: null }));
  }

  /** `POST /subjects/{subject}`. Throws 40401 and 40403. */
  lookup(request: RoutedRequest): unknown {
    const deleted = flag(request, 'deleted');
    const subject = subjectOf(request);
    if (this.state.versions(subject, { deleted }).length === 0) throw failures.subjectNotFound(subject);
    const { content } = this.sent(request, { checkDefaults: false });
    const found = this.find(subject, content, { deleted, normalize: this.normalizes(request) });
    if (found === undefined) throw failures.schemaNotFound();
    return schemaAnswer(found);
  }

  contentToCheck(request: RoutedRequest): CompatibilityRequest {
    const { subject, content } = this.sent(request, { checkDefaults: true });
    return { subject, content };
  }

  /** True for an import. Throws 42205. */
  private checkMode(subject: string, body: SchemaBody): boolean {
    const mode = this.state.effectiveMode(subject);
    const isImport = mode === 'IMPORT';
    if (mode === 'READONLY' || mode === 'READONLY_OVERRIDE') {
      throw failures.operationNotPermitted(`Subject ${subject} is in read-only mode`);
    }
    if (isImport && body.id < 0) throw failures.operationNotPermitted(`Subject ${subject} is not in read-write mode`);
    if (!isImport && body.id >= 0) throw failures.operationNotPermitted(`Subject ${subject} is not in import mode`);
    return isImport;
  }

  private normalizes(request: RoutedRequest): boolean {
    return flag(request, 'normalize') || this.state.normalizes(subjectOf(request));
  }

  private find(
    subject: string,
    content: SchemaContent,
    options: { readonly deleted: boolean; readonly normalize: boolean },
  ): StoredSchema | undefined {
    const key = contentKey(content);
    const versions = this.state.versions(subject, options);
    const sameText = versions.findLast((version) => contentKey(version) === key);
    if (sameText !== undefined) return sameText;
    // Another writer may have spelled the stored text otherwise; the index knows its content.
    const id = this.state.idOf(contextOf(subject), key);
    const sameId = id === undefined ? undefined : versions.findLast((version) => version.id === id);
    if (sameId !== undefined || !options.normalize) return sameId;
    return versions.findLast((version) => this.normalizedKey(version) === key);
  }

  private normalizedKey(stored: StoredSchema): string | undefined {
    const referenced = this.state.referencedTexts(stored.references) ?? [];
    const sortKeys = this.profile.sortsSchemaKeys;
    try {
      return contentKey(contentOf(stored, { referenced, normalize: true, checkDefaults: false, sortKeys }));
    } catch {
      return undefined;
    }
  }

  private sent(
    request: RoutedRequest,
    { checkDefaults }: { readonly checkDefaults: boolean },
  ): { readonly subject: string; readonly body: SchemaBody; readonly content: SchemaContent } {
    const subject = subjectOf(request);
    checkSubject(subject);
    const body = this.parseBody(request);
    const size = Buffer.byteLength(body.schema);
    if (size > this.maxSchemaBytes) throw failures.schemaTooLarge(size, this.maxSchemaBytes);
    const context = contextOf(subject);
    const references = body.references.map((ref) => ({ ...ref, subject: qualify(context, ref.subject) }));
    const referenced = this.state.referencedTexts(references);
    if (referenced === undefined) {
      const missing = references.find((reference) => this.state.referencedTexts([reference]) === undefined);
      throw failures.invalidSchema(
        `Invalid schema, details: No schema reference found for subject "${missing?.subject}" and version ${missing?.version}`,
      );
    }
    try {
      const content = contentOf(
        { ...body, references },
        {
          referenced,
          normalize: this.normalizes(request),
          checkDefaults,
          sortKeys: this.profile.sortsSchemaKeys,
        },
      );
      return { subject, body, content };
    } catch (error) {
      if (error instanceof InvalidSchemaError) throw failures.invalidSchema(error.message);
      throw error;
    }
  }

  private parseBody(request: RoutedRequest): SchemaBody {
    const json = parseJsonBody(request.body);
    const bad = (message: string): Error =>
      this.profile.bodyErrorIsUnprocessable ? failures.unprocessableBody(message) : failures.badRequest(message);
    if (json === undefined) throw bad('The body is not a JSON object');
    const { schema, schemaType, references, metadata, ruleSet, id, version } = json;
    if (schema === undefined || schema === null || schema === '') throw failures.invalidSchema('Empty schema');
    if (typeof schema !== 'string') throw bad('schema is not a string');
    const type = schemaType ?? 'AVRO';
    if (type !== 'AVRO' && type !== 'JSON' && type !== 'PROTOBUF') {
      throw failures.invalidSchema(`Invalid schema type ${JSON.stringify(type)}`);
    }
    const parsedReferences = referencesOf(references ?? []);
    if (parsedReferences === undefined) throw bad('references is not a list of {name, subject, version}');
    return {
      schema,
      schemaType: type,
      references: parsedReferences,
      ...(isObject(metadata) ? { metadata } : {}),
      ...(isObject(ruleSet) ? { ruleSet } : {}),
      id: this.profile.hasModes && typeof id === 'number' && Number.isInteger(id) ? id : -1,
      version: this.profile.hasModes && typeof version === 'number' && Number.isInteger(version) ? version : -1,
    };
  }
}

/** undefined: not a JSON object. */
export function parseJsonBody(body: string | undefined): JsonObject | undefined {
  try {
    const json: unknown = JSON.parse(body ?? '');
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

const CONTROL_CHARACTER = /\p{Cc}/u;

/** Throws 42208. */
export function checkSubject(subject: string): void {
  const { name } = parseSubject(subject);
  if (name === '' || name === '__GLOBAL' || name === '__EMPTY' || CONTROL_CHARACTER.test(name)) {
    throw failures.invalidSubject(subject);
  }
}
