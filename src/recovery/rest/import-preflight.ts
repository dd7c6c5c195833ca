/** Whether a registry can take schemas under given ids, found out without leaving anything behind. */
import { ConfigError } from '../../sdk/errors/kinds.ts';
import type { RestWitness } from '../snapshot/rest-witness.ts';
import type { RegistryApi } from './registry-api.ts';
import { REST_NO_IMPORT } from './rest-errors.ts';

/** No registry has such a mode: one that knows modes refuses it (422/42204), one that knows none does not know the path. */
const NO_MODE = { mode: 'HOLDFAST_PROBE' };
const NOT_PERMITTED = 42205;

/**
 * Measured: Karapace before 6.2.4 answers PUT /mode with 405; the Confluent-compatible API of Apicurio 3.0.9 has no GET /mode, answers PUT
 * /mode/{subject} with 204, and passes over `id` and `version`.
 * @throws ConfigError `holdfast.recovery.rest-no-import`
 */
export async function checkImport(
  api: RegistryApi,
  { vendor, serverVersion }: Pick<RestWitness, 'vendor' | 'serverVersion'>,
  signal: AbortSignal,
): Promise<void> {
  // It takes an archive instead; whether it lets us is told before anything is written.
  if (vendor === 'apicurio') return;
  const answer = await api.ask('PUT', '/mode', signal, NO_MODE);
  if (answer.errorCode === NOT_PERMITTED) {
    throw new ConfigError(
      `The registry at ${api.node} lets nobody change its mode (PUT /mode: ${answer.reason}), so ids can not be kept. Nothing was written. ` +
        'Set mode.mutability=true in its settings, or stop it and restore into a new topic (--into new-topic).',
      { code: REST_NO_IMPORT },
    );
  }
  if (answer.status === 422) return;
  const who = vendor === 'other' ? 'The registry' : vendor.charAt(0).toUpperCase() + vendor.slice(1);
  const needs = vendor === 'karapace' ? ' Karapace has it from 6.2.4 on: update it, or' : ' Stop it and';
  throw new ConfigError(
    `${who}${serverVersion === undefined ? '' : ` ${serverVersion}`} at ${api.node} has no mode IMPORT (PUT /mode: ${answer.reason}), so ids can not be kept. ` +
      `Nothing was written.${needs} restore into a new topic (--into new-topic).`,
    { code: REST_NO_IMPORT },
  );
}
