/** Where a reference leads, as Confluent's registry takes it (QualifiedSubject.qualifySubjectWithParent). Karapace has no contexts: names are names to it. */
import { contextOf, contextSubject } from '../../registry/subject-context.ts';
import type { SchemaReference } from '../../sdk/schema-view.ts';

/** The version number of a reference to the latest version that is not soft-deleted, whichever that is when it is resolved. */
export const LATEST = -1;

/**
 * A subject with a context of its own, `:.context:name`, stands for itself; any other one is of the context of the schema that refers to it.
 * The default context has no name that reaches into it from another one: there, `:.:name` is a subject of that context with an odd name.
 *
 * @param context of the schema that refers; '' is the default one
 * @returns the subject as its own records have it
 */
export function referencedSubject(context: string, subject: string): string {
  if (contextOf(subject) !== '') return subject;
  return context === '' ? subject.replace(/^:\.:/, '') : `${contextSubject(context)}${subject}`;
}

/** @param by the subject of the schema that refers */
export function referred(
  { subject, version }: Pick<SchemaReference, 'subject' | 'version'>,
  by: string,
): Pick<SchemaReference, 'subject' | 'version'> {
  return { subject: referencedSubject(contextOf(by), subject), version };
}
