/** Soft and hard deletes of versions and subjects. */
import { failures, ok } from './registry-answer.ts';
import type { RegistryRecord } from './registry-record.ts';
import type { RegistryState } from './registry-state.ts';
import type { RoutedRequest } from './routes.ts';
import { findVersion, flag, subjectOf, versionOf } from './schema-reads.ts';
import type { WritePlan } from './schema-registration.ts';

export class SchemaDeletes {
  private readonly state: RegistryState;

  constructor({ state }: { readonly state: RegistryState }) {
    this.state = state;
  }

  /** Throws 40401, 40404, 40405, 42205, 42206. */
  subject(request: RoutedRequest): WritePlan {
    const subject = subjectOf(request);
    this.checkMode(subject);
    const permanent = flag(request, 'permanent');
    const all = this.state.versions(subject, { deleted: true });
    const alive = all.filter((schema) => !schema.deleted);
    const last = all.at(-1);
    if (last === undefined) throw failures.subjectNotFound(subject);
    if (alive.length === 0 && !permanent) throw failures.subjectSoftDeleted(subject);
    if (alive.length > 0 && permanent) throw failures.subjectNotSoftDeleted(subject);
    const affected = permanent ? all : alive;
    for (const schema of affected) this.checkReferences(subject, schema.version);
    const versions = affected.map((schema) => schema.version);
    if (permanent) {
      const records = versions.map((version): RegistryRecord => ({ keytype: 'SCHEMA', subject, version, value: null }));
      return { records, answer: ok(versions) };
    }
    const records: RegistryRecord[] = [{ keytype: 'DELETE_SUBJECT', subject, version: last.version }];
    // The subject's own settings go with it, as in Confluent's registry.
    if (this.state.config(subject) !== undefined) records.push({ keytype: 'CONFIG', subject, value: null });
    if (this.state.mode(subject) !== undefined) records.push({ keytype: 'MODE', subject, value: null });
    return { records, answer: ok(versions) };
  }

  /** Throws 40401, 40402, 40406, 40407, 42202, 42205, 42206. */
  version(request: RoutedRequest): WritePlan {
    const subject = subjectOf(request);
    const permanent = flag(request, 'permanent');
    const wanted = versionOf(request.item);
    this.checkMode(subject);
    const schema = findVersion(this.state, subject, wanted, { deleted: wanted !== -1 || permanent });
    const { version } = schema;
    if (schema.deleted && !permanent) throw failures.versionSoftDeleted(subject, version);
    if (!schema.deleted && permanent) throw failures.versionNotSoftDeleted(subject, version);
    this.checkReferences(subject, version);
    const value = permanent ? null : { ...schema, deleted: true };
    return { records: [{ keytype: 'SCHEMA', subject, version, value }], answer: ok(version) };
  }

  private checkMode(subject: string): void {
    const mode = this.state.effectiveMode(subject);
    if (mode === 'READONLY' || mode === 'READONLY_OVERRIDE') {
      throw failures.operationNotPermitted(`Subject ${subject} is in read-only mode`);
    }
  }

  private checkReferences(subject: string, version: number): void {
    if (this.state.referencedBy(subject, version).length > 0) throw failures.referenceExists(subject, version);
  }
}
