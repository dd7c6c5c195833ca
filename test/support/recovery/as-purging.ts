import { encodeRecord } from '../../../src/embedded-registry/registry-record.ts';
import { contextOf, contextSubject } from '../../../src/registry/subject-context.ts';
import type { RegistryInMemory } from './registry-in-memory.ts';

/** Removes what is soft-deleted when IMPORT is entered, forced or not; Confluent's registry does it when it is not. */
export function asPurging(served: RegistryInMemory): RegistryInMemory {
  const { registry } = served;
  const { state } = registry.core;
  served.interfere = ({ method, path }) => {
    const [isForced, forced] = (method === 'PUT' && /^\/mode(?:\/([^/]+))?\?force=true$/.exec(path)) || [];
    if (isForced === undefined) return undefined;
    const place = forced === undefined ? null : decodeURIComponent(forced);
    if (state.effectiveMode(place) === 'IMPORT') return undefined;
    for (const { subject, version, deleted } of state.schemas({ deleted: true, subjectPrefix: '' })) {
      const isWithin = place === null || place === subject || place === contextSubject(contextOf(subject));
      if (deleted && isWithin) registry.apply(encodeRecord({ keytype: 'SCHEMA', subject, version, value: null }));
    }
    return undefined;
  };
  return served;
}
