/** Whose registry it is, as its nodes' answers tell: which rungs of the ladder there are depends on it. */
import type { CallResult, RegistryRequest } from './endpoints.ts';
import { clusterIdOf, clusterRequest } from './registry-requests.ts';
import type { RegistryVendor } from './registry-snapshot.ts';

export type AskNode = (node: string, request: RegistryRequest, signal: AbortSignal) => Promise<CallResult>;

/** Every node of these takes writes by itself: there is no primary to look for. */
export function hasNoPrimary(vendor: RegistryVendor): boolean {
  return vendor === 'apicurio' || vendor === 'redpanda';
}

/**
 * Of a node that has no `/_health` of Karapace's. `unknown`: it gave no usable answer.
 *
 * Apicurio: by the path of its Confluent-compatible API; it has no `/v1/metadata/id`. Confluent: `/v1/metadata/id` names the cluster of the
 * registry. Redpanda: it has a `/status/ready` instead (`schema_registry.json` of its API documents: 200 or 503).
 */
export async function detectVendor(node: string, ask: AskNode, signal: AbortSignal): Promise<RegistryVendor> {
  if (/\/apis\/ccompat(\/|$)/.test(new URL(node).pathname)) return 'apicurio';
  const id = await ask(node, clusterRequest(), signal);
  if (tellsNothing(id)) return 'unknown';
  if (id.status === 200 && clusterIdOf(id.json)?.includes('schema-registry-cluster=') === true) return 'confluent';
  const ready = await ask(node, READY, signal);
  if (tellsNothing(ready)) return 'unknown';
  return ready.status === 200 ? 'redpanda' : 'other';
}

function tellsNothing({ status }: CallResult): boolean {
  return status === undefined || status >= 500 || status === 401 || status === 403 || status === 429;
}

const READY: RegistryRequest = {
  operation: 'meta',
  method: 'GET',
  path: '/status/ready',
  channel: 'read',
  expects: () => true,
};
