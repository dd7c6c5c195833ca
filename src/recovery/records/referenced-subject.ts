/** Where a reference leads. */
import { contextSubject } from '../../registry/subject-context.ts';

/** A subject without a context of its own is one of the context of the schema that refers to it (Confluent: QualifiedSubject.qualifySubjectWithParent). */
export function referencedSubject(context: string, subject: string): string {
  return /^:\.[^:]*:/.test(subject) ? subject : `${contextSubject(context) ?? ''}${subject}`;
}
