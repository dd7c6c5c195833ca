/** The requests that a restore is made of, each with how to see that it was done. */
import type { PlannedSight, PlanStep } from '../plan/plan.ts';
import type { JsonObject, SchemaValue } from '../records/schemas-record.ts';
import { textContent } from './rest-content.ts';
import { subjectPath, versionPath } from './walk-subjects.ts';

export type RequestStep = Extract<PlanStep, { readonly do: 'request' }>;

type Done = RequestStep['done'];

/** A version under the id and version that it had. Needs mode IMPORT. */
export function importStep(value: SchemaValue): RequestStep {
  const { subject, version, id, schemaType, references, metadata, ruleSet, schema } = value;
  return {
    do: 'request',
    method: 'POST',
    path: `${subjectPath(subject)}/versions`,
    body: {
      schema,
      ...(schemaType === 'AVRO' ? {} : { schemaType }),
      ...(references.length === 0 ? {} : { references }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(ruleSet === undefined ? {} : { ruleSet }),
      id,
      version,
    },
    change: '+',
    done: isThere(value),
  };
}

/** A version that will be soft-deleted counts as imported when it is, too. */
export function isThere({
  subject,
  version,
  id,
  deleted,
}: Pick<SchemaValue, 'subject' | 'version' | 'id' | 'deleted'>): Done {
  return {
    path: `${versionPath(subject, version)}${deleted ? '?deleted=true' : ''}`,
    is: 'equal',
    body: { subject, version, id },
  };
}

/** That it is this very schema, live or soft-deleted: somebody else may have made another one under its name. */
export function isSame(value: SchemaValue): readonly PlannedSight[] {
  return [{ ...isThere({ ...value, deleted: true }), is: 'equal', content: textContent(value) }];
}

/** @param only as of {@link isSame}; absent: whatever is there */
export function softDeleteStep(subject: string, version: number, only?: readonly PlannedSight[]): RequestStep {
  const path = versionPath(subject, version);
  return {
    ...{ do: 'request', method: 'DELETE', path, body: null, change: '-', done: { path, is: 'absent', body: null } },
    ...(only === undefined ? {} : { only }),
  };
}

/** Only of what is soft-deleted. @param only as of {@link isSame}; absent: whatever is there */
export function hardDeleteStep(subject: string, version: number, only?: readonly PlannedSight[]): RequestStep {
  const path = versionPath(subject, version);
  return {
    ...{ do: 'request', method: 'DELETE', path: `${path}?permanent=true`, body: null, change: '-' },
    done: { path: `${path}?deleted=true`, is: 'absent', body: null },
    ...(only === undefined ? {} : { only }),
  };
}

const settingPath = (kind: 'mode' | 'config', place: string): string =>
  place === '' ? `/${kind}` : `/${kind}/${encodeURIComponent(place)}`;

/**
 * @param place '' is the whole registry, `:.context:` a context
 * @param force also while there are versions
 * @param done that of the last import in the place: when it is there, IMPORT was entered and may have been left again since, and to enter it
 *   once more would be wrong
 */
export function enterImportStep(place: string, force: boolean, done: Done): RequestStep {
  const path = `${settingPath('mode', place)}${force ? '?force=true' : ''}`;
  return { do: 'request', method: 'PUT', path, body: { mode: 'IMPORT' }, change: '~', done };
}

/** @param mode undefined: none of its own */
export function modeStep(place: string, mode: string | undefined): RequestStep {
  const path = settingPath('mode', place);
  if (mode === undefined && place !== '') {
    return { do: 'request', method: 'DELETE', path, body: null, change: '~', done: { path, is: 'absent', body: null } };
  }
  const body = { mode: mode ?? 'READWRITE' };
  return { do: 'request', method: 'PUT', path, body, change: '~', done: { path, is: 'equal', body } };
}

/** Back to this config and nothing else: setting it leaves fields that it does not name, so that it is deleted first. */
export function configAnewSteps(place: string, config: JsonObject): readonly RequestStep[] {
  const set = configStep(place, config);
  const done: Done = { ...set.done, is: 'exact' };
  return [
    { ...configStep(place, undefined), done },
    { ...set, done },
  ];
}

/** @param config as it is told; undefined: none of its own */
export function configStep(place: string, config: JsonObject | undefined): RequestStep {
  const path = settingPath('config', place);
  if (config === undefined) {
    const done: Done =
      place === ''
        ? { path, is: 'equal', body: { compatibilityLevel: 'BACKWARD' } }
        : { path, is: 'absent', body: null };
    return { do: 'request', method: 'DELETE', path, body: null, change: '~', done };
  }
  // It is told under another name than it is set under.
  const { compatibilityLevel, subject: _, ...others } = config;
  const body = { ...(compatibilityLevel === undefined ? {} : { compatibility: compatibilityLevel }), ...others };
  const told = { ...(compatibilityLevel === undefined ? {} : { compatibilityLevel }), ...others };
  return { do: 'request', method: 'PUT', path, body, change: '~', done: { path, is: 'equal', body: told } };
}
