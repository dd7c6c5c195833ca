import { encodeRecord } from '../../../src/embedded-registry/registry-record.ts';
import type { RegistryInMemory } from './registry-in-memory.ts';

interface Told {
  readonly version: number;
  readonly id: number;
}

/**
 * What Confluent's registry does beside the embedded one (KafkaSchemaRegistry, register and deleteSchemaVersion): a version that is made removes
 * the soft-deleted ones of its id below it, a subject without a living version loses its config and mode, and IMPORT that is forced purges nothing.
 */
export function asConfluent(served: RegistryInMemory): RegistryInMemory {
  const { registry } = served;
  const told = (subject: string, query: string): readonly number[] => {
    const { status, body } = registry.get(`/subjects/${subject}/versions${query}`);
    return status === 200 ? body : [];
  };
  served.interfere = ({ method, path, body }) => {
    const [isForced, forced] = /^\/mode(?:\/([^/]+))?\?force=true$/.exec(path) ?? [];
    if (isForced !== undefined) {
      const place = forced === undefined ? null : decodeURIComponent(forced);
      registry.apply(encodeRecord({ keytype: 'MODE', subject: place, value: { mode: 'IMPORT' } }));
      return { status: 200, body: '{"mode":"IMPORT"}' };
    }
    const [, subject] = /^\/subjects\/([^/]+)\/versions/.exec(path) ?? [];
    if (subject === undefined || method === 'GET') return undefined;
    const answer = registry.request(method, path, body);
    if (method === 'POST' && answer.status === 200) {
      const made: Told = JSON.parse(String(body));
      const living = new Set(told(subject, ''));
      for (const version of told(subject, '?deleted=true')) {
        const place = `/subjects/${subject}/versions/${version}`;
        const isSame = registry.get(`${place}?deleted=true`).body.id === made.id;
        if (isSame && version < made.version && !living.has(version)) registry.delete(`${place}?permanent=true`);
      }
    }
    if (method === 'DELETE' && told(subject, '').length === 0) {
      registry.delete(`/mode/${subject}`);
      registry.delete(`/config/${subject}`);
    }
    return { status: answer.status, body: JSON.stringify(answer.body) };
  };
  return served;
}
