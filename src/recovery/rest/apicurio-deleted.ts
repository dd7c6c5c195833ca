/** What Apicurio tells through its own API only. */

import { isJsonObject } from '../records/json-bytes.ts';
import type { WitnessedVersion } from '../snapshot/rest-witness.ts';
import { answeredSchema } from './answered-schema.ts';
import { APICURIO_API } from './node-identity.ts';
import type { RegistryApi } from './registry-api.ts';

/**
 * A version of a subject that is soft-deleted as a whole: the Confluent-compatible API of Apicurio 3.0.9 lists it, and answers 404 for it,
 * with `deleted=true` as well.
 */
export async function deletedInApicurio(
  api: RegistryApi,
  subject: string,
  version: number,
  signal: AbortSignal,
): Promise<WitnessedVersion | undefined> {
  const path = `${APICURIO_API}/groups/default/artifacts/${encodeURIComponent(subject)}/versions/${version}`;
  const facts = await api.origin().read(path, signal);
  if (!isJsonObject(facts)) return undefined;
  const { contentId, state } = facts;
  const text = await api.read(`/schemas/ids/${String(contentId)}`, signal);
  if (!isJsonObject(text)) return undefined;
  return answeredSchema({ ...text, subject, version, id: contentId }, state === 'DISABLED');
}
