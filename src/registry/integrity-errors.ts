/** What a registry can do to its clients' trust, as errors that say which ids, subjects, nodes and contents, and what to do. */
import type { SchemaText } from '../sdk/schema-view.ts';
import {
  REGISTRY_CONTENT_CHANGED,
  REGISTRY_ID_LOST,
  REGISTRY_IDS_WENT_BACK,
  REGISTRY_OTHER_CLUSTER,
  RegistryIntegrityError,
} from './registry-errors.ts';

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
  return new RegistryIntegrityError(
    `Schema id ${id}${whereOf(subject, context)} resolves to other content at ${node} than before: it was ${cut(before.text.schema)} ` +
      `[${before.fingerprint.slice(0, 12)}] and is now ${cut(text.schema)} [${fingerprint.slice(0, 12)}]. Records with this id may have been ` +
      'written with either. Compare both with the _schemas topic, restore the right one, and restart the tasks that were stopped.',
    {
      code: REGISTRY_CONTENT_CHANGED,
      details: { id, context, subject, node, before: before.fingerprint, now: fingerprint },
    },
  );
}

/** A schema that was acknowledged as one id is another one under its subject, or none any more. */
export function idLost(found: {
  readonly id: number;
  readonly context: string;
  readonly subject: string;
  readonly node: string;
  readonly fingerprint: string;
  /** The id that the schema has now; null: the registry does not take it any more. */
  readonly now: number | null;
  readonly reason: string;
}): RegistryIntegrityError {
  const { id, context, subject, node, fingerprint, now, reason } = found;
  const instead = now === null ? 'and the registry does not take the schema again' : `and the schema has id ${now} now`;
  return new RegistryIntegrityError(
    `Schema id ${id}${whereOf(subject, context)} [${fingerprint.slice(0, 12)}] was acknowledged, but ${reason} at ${node}, ${instead}. ` +
      `Records with id ${id} can not be read, or will be read with another schema. Restore the id from a backup of the _schemas topic, or ` +
      'write these records once more, and restart the tasks that were stopped.',
    { code: REGISTRY_ID_LOST, details: { id, context, subject, node, fingerprint, now } },
  );
}

/** A registry that gives out ids below those that it gave out before, and no longer knows these. */
export function idsWentBack(found: {
  readonly id: number;
  readonly highest: number;
  readonly context: string;
  readonly subject: string;
  readonly node: string;
}): RegistryIntegrityError {
  const { id, highest, context, subject, node } = found;
  return new RegistryIntegrityError(
    `The schema registry gave out id ${id}${whereOf(subject, context)} at ${node}, although it gave out id ${highest} before, which no node ` +
      `knows any more: it lost what lies between, and gives out again ids that records carry already. Stop writing, restore the _schemas ` +
      `topic from a backup that reaches at least id ${highest}, and restart the tasks that were stopped.`,
    { code: REGISTRY_IDS_WENT_BACK, details: { id, highest, context, subject, node, registry: true } },
  );
}

/** So many ids mean something else that this can't be the registry that gave them. */
export function otherContents(ids: readonly number[], causes: readonly string[]): RegistryIntegrityError {
  return new RegistryIntegrityError(
    `The schema ids ${ids.join(', ')} all resolve to other content than before, and none of those asked for resolves as it did: another ` +
      'registry answers behind schema.registry.url, or it was filled from another one. Correct the URL or restore the _schemas topic; if the ' +
      `change is wanted, remove the schema store; then restart the worker. ${causes[0] ?? ''}`,
    { code: REGISTRY_OTHER_CLUSTER, details: { ids, registry: true } },
  );
}

function whereOf(subject: string | undefined, context: string): string {
  if (subject !== undefined) return ` (subject ${subject})`;
  return context === '' ? '' : ` (context ${context})`;
}

function cut(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
