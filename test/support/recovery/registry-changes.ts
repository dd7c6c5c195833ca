import fc from 'fast-check';
import { encodeRecord } from '../../../src/embedded-registry/registry-record.ts';
import { contextOf } from '../../../src/registry/subject-context.ts';
import type { InMemoryRegistry } from '../../unit/embedded-registry/in-memory-registry.ts';

export const SUBJECTS = ['a', 'b', 'c/d', ':.x:a', ':.x:b'];
export const PLACES = ['', ':.x:', ...SUBJECTS];

/** What somebody asks a registry for; what it refuses changes nothing. `pick`: a version that it has by then. */
export type RegistryChange =
  | { readonly do: 'register'; readonly subject: string; readonly name: string; readonly pick: number | undefined }
  | { readonly do: 'soft' | 'hard' | 'subject'; readonly pick: number }
  | { readonly do: 'config'; readonly place: string; readonly value: object | undefined }
  | { readonly do: 'mode'; readonly place: string; readonly mode: string | undefined };

const pick = fc.nat(999);
const name = fc.constantFrom('N0', 'N1', 'N2', 'N3');
const subject = fc.constantFrom(...SUBJECTS);
const place = fc.constantFrom(...PLACES);
const value = fc.record(
  { compatibility: fc.constant('NONE'), compatibilityGroup: fc.constant('g'), alias: subject },
  { requiredKeys: ['compatibility'] },
);

const register = fc.record({
  do: fc.constant('register' as const),
  subject,
  name,
  pick: fc.option(pick, { nil: undefined }),
});
const deletion = fc.record({
  do: fc.constantFrom('soft' as const, 'soft' as const, 'hard' as const, 'subject' as const),
  pick,
});
const config = fc.record({ do: fc.constant('config' as const), place, value: fc.option(value, { nil: undefined }) });
const modes = fc.constantFrom('READONLY', 'READONLY_OVERRIDE', 'FORWARD', 'READWRITE');
const mode = fc.record({ do: fc.constant('mode' as const), place, mode: fc.option(modes, { nil: undefined }) });

export function registryChanges(most: number): fc.Arbitrary<readonly RegistryChange[]> {
  const weighted = [
    { arbitrary: register, weight: 10 },
    { arbitrary: deletion, weight: 6 },
    { arbitrary: config, weight: 2 },
    { arbitrary: mode, weight: 1 },
  ];
  return fc.array(fc.oneof(...weighted), { maxLength: most });
}

/** @param firstId ids of new schemas are from here on, so that they are no others' of the same start; absent: as the registry gives them */
export function change(registry: InMemoryRegistry, changes: readonly RegistryChange[], firstId?: number): void {
  let nextId = firstId ?? 0;
  for (const [at, each] of changes.entries()) {
    const all = registry.core.state.schemas({ deleted: true, subjectPrefix: '' });
    if (each.do === 'config' || each.do === 'mode') {
      const path = each.place === '' ? `/${each.do}` : `/${each.do}/${encodeURIComponent(each.place)}`;
      const set = each.do === 'config' ? each.value : each.mode && { mode: each.mode };
      if (set !== undefined) registry.put(path, set);
      else if (each.place !== '') registry.delete(path);
    } else if (each.do === 'register') {
      const to = each.pick === undefined ? undefined : all[each.pick % (all.length || 1)];
      const type = to && JSON.parse(to.schema).name;
      const sent = {
        schema: JSON.stringify({
          ...{ type: 'record', name: to ? `User${at}` : each.name },
          fields: to ? [{ name: 'x', type }] : [],
        }),
        references: to ? [{ name: type, subject: to.subject, version: to.version }] : [],
      };
      const path = `/subjects/${encodeURIComponent(each.subject)}/versions`;
      if (firstId === undefined) registry.post(path, sent);
      else {
        const known = all.find((v) => v.schema === sent.schema && contextOf(v.subject) === contextOf(each.subject));
        importing(registry, each.subject, () => registry.post(path, { ...sent, id: known?.id ?? nextId++ }));
      }
    } else {
      const found = all[each.pick % (all.length || 1)];
      if (found === undefined) continue;
      const path = `/subjects/${encodeURIComponent(found.subject)}`;
      const version = each.do === 'subject' ? '' : `/versions/${found.version}`;
      registry.delete(`${path}${version}${each.do === 'hard' ? '?permanent=true' : ''}`);
    }
  }
}

function importing(registry: InMemoryRegistry, subject: string, then: () => void): void {
  const before = registry.core.state.mode(subject);
  registry.apply(encodeRecord({ keytype: 'MODE', subject, value: { mode: 'IMPORT' } }));
  then();
  registry.apply(encodeRecord({ keytype: 'MODE', subject, value: before === undefined ? null : { mode: before } }));
}
