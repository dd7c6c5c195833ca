/**
 * How a registry tells that a drill has restored into it and did not come to its end: a config of a subject that nothing else has, set while the
 * registry is empty and taken away last. It needs no id, and no registry shows it among its subjects.
 */

import type { Clock } from '../../foundation/clock.ts';
import { DataError } from '../../sdk/errors/index.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import type { RegistryApi } from '../rest/registry-api.ts';
import { REST_DENIED } from '../rest/rest-errors.ts';
import { hardDeleteStep } from '../rest/restore-steps.ts';
import { runRequestStep } from '../rest/run-request-step.ts';
import type { RestWitness, WitnessedVersion } from '../snapshot/rest-witness.ts';
import type { RegistryState } from '../state/registry-state.ts';

const PATH = '/config/holdfast-drill-is-on';

export async function isMarked(api: RegistryApi, signal: AbortSignal): Promise<boolean> {
  return (await api.ask('GET', PATH, signal)).status === 200;
}

/** Only on an empty registry. One that takes no config for a subject without versions stays unmarked: after a kill its drills refuse. */
export async function setMark(api: RegistryApi, signal: AbortSignal): Promise<void> {
  await api.ask('PUT', PATH, signal, { compatibility: 'NONE' });
}

/** @throws DataError `holdfast.recovery.rest-denied`: with it, somebody's schemas would later be taken for leftovers */
export async function removeMark(api: RegistryApi, signal: AbortSignal): Promise<void> {
  const answer = await api.ask('DELETE', PATH, signal);
  if ((answer.status >= 200 && answer.status < 300) || !(await isMarked(api, signal))) return;
  throw new DataError(
    `The registry refuses DELETE ${PATH}, by which a drill is marked: ${answer.reason}. Delete it by hand.`,
    {
      code: REST_DENIED,
    },
  );
}

/** The first version that this backup's drill can not have restored; undefined: all are its own. What reserves ids is nobody's. */
export async function foreignVersion(
  witness: RestWitness,
  backup: RegistryState,
): Promise<WitnessedVersion | undefined> {
  for await (const batch of witness.versions()) {
    const foreign = batch.find(
      ({ subject, version, id }) => !isReservedSubject(subject) && backup.version(subject, version)?.id !== id,
    );
    if (foreign !== undefined) return foreign;
  }
  return undefined;
}

/** The same registry as it was before a drill: empty, without settings. */
export function asIfEmpty(witness: RestWitness): RestWitness {
  return {
    ...witness,
    ...{ versionCount: 0, configs: {}, modes: {}, maxIds: {} },
    versions: async function* () {},
  };
}

/** What a drill reserved ids with: an empty registry has given none of them to anybody. */
export async function removeReserved(
  api: RegistryApi,
  witness: RestWitness,
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  for await (const batch of witness.versions()) {
    for (const { subject, version } of batch) {
      if (isReservedSubject(subject)) await runRequestStep(api, hardDeleteStep(subject, version), options);
    }
  }
}
