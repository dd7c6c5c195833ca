/** What kind of question it is decides how long its answer holds. */
import type { SchemaQuestion } from '../sdk/schema-view.ts';

/** Another answer may be right tomorrow: never trusted over a change of primary, never kept over a restart. */
export function isLatest(question: SchemaQuestion): boolean {
  return question.kind === 'with-metadata' || (question.kind === 'version' && question.version === -1);
}

/** A record names it, so that no registration can have been lost: what it means never changes. */
export function isNamedByRecord(question: SchemaQuestion): boolean {
  return (question.kind === 'by-id' && question.forWriting !== true) || question.kind === 'by-guid';
}
