/** What a registry can do to its clients' trust, as errors that say which ids, subjects, nodes and contents, and what to do. */
import type { SchemaText } from '../sdk/schema-view.ts';
import { REGISTRY_CONTENT_CHANGED, RegistryIntegrityError } from './registry-errors.ts';

/** An id that turned out to mean something else than it was acknowledged or read as. */
export function contentChanged(found: {
  readonly id: number;
  readonly context: string;
  readonly subject: string | undefined;
  readonly node: string;
  readonly before: { readonly text: SchemaText; readonly fingerprint: string };
  readonly text: SchemaText;
  readonly fingerprint: string;
}): RegistryIntegrityError {
  const { id, context, subject, node, before, text, fingerprint } = found;
  const where = subject === undefined ? '' : ` (subject ${subject})`;
  return new RegistryIntegrityError(
    `Schema id ${id}${where} resolves to other content at ${node} than before: it was ${cut(before.text.schema)} ` +
      `[${before.fingerprint.slice(0, 12)}] and is now ${cut(text.schema)} [${fingerprint.slice(0, 12)}]. Records with this id may have been ` +
      'written with either. Compare both with the _schemas topic before going on.',
    {
      code: REGISTRY_CONTENT_CHANGED,
      details: { id, context, subject, node, before: before.fingerprint, now: fingerprint },
    },
  );
}

function cut(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
