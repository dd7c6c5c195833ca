/** Whose registry a node is, and of which version. */

import { isJsonObject } from '../records/json-bytes.ts';
import type { WitnessVendor } from '../snapshot/rest-witness.ts';
import type { RegistryApi } from './registry-api.ts';

export interface NodeIdentity {
  readonly vendor: WitnessVendor;
  readonly serverVersion: string | undefined;
}

/** Apicurio's API of its own, at the same host: where its version is told, and where an archive is imported. */
export const APICURIO_API = '/apis/registry/v3';

/**
 * Apicurio by the path of its Confluent-compatible API; Karapace by its `/_health`; Confluent by `/v1/metadata/id`; Redpanda by
 * `/status/ready`, which the others lack.
 */
export async function identifyNode(api: RegistryApi, signal: AbortSignal): Promise<NodeIdentity> {
  if (/\/apis\/ccompat(\/|$)/.test(new URL(api.node).pathname)) {
    const info = await api.origin().read(`${APICURIO_API}/system/info`, signal);
    return { vendor: 'apicurio', serverVersion: textIn(info, 'version') };
  }
  const health = await api.read('/_health', signal);
  const status = isJsonObject(health) ? (health['status'] ?? health) : undefined;
  if (isJsonObject(status) && 'schema_registry_is_primary' in status) {
    const version = textIn(status, 'karapace_version') ?? textIn(health, 'karapace_version');
    return { vendor: 'karapace', serverVersion: version };
  }
  const id = await api.read('/v1/metadata/id', signal);
  const serverVersion = textIn(await api.read('/v1/metadata/version', signal), 'version');
  if (JSON.stringify(id ?? null).includes('schema-registry-cluster')) return { vendor: 'confluent', serverVersion };
  const isRedpanda = (await api.ask('GET', '/status/ready', signal)).status === 200;
  return { vendor: isRedpanda ? 'redpanda' : 'other', serverVersion };
}

function textIn(json: unknown, field: string): string | undefined {
  const value = isJsonObject(json) ? json[field] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
