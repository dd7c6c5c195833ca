import type { RegistryInMemory } from './registry-in-memory.ts';

/**
 * What Confluent's registry did until 7.x beside the embedded one (KafkaSchemaRegistry.deleteSchemaVersion): a subject without a living version
 * loses its config and mode.
 */
export function asConfluent(served: RegistryInMemory): RegistryInMemory {
  const { registry } = served;
  served.interfere = ({ method, path, body }) => {
    const [, subject] = /^\/subjects\/([^/]+)\/versions/.exec(path) ?? [];
    if (subject === undefined || method !== 'DELETE') return undefined;
    const answer = registry.request(method, path, body);
    if (registry.get(`/subjects/${subject}/versions`).status === 404) {
      registry.delete(`/mode/${subject}`);
      registry.delete(`/config/${subject}`);
    }
    return { status: answer.status, body: JSON.stringify(answer.body) };
  };
  return served;
}
