import type { Snapshot } from '../../../../src/recovery/snapshot/snapshot.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { InMemoryRegistry } from '../../embedded-registry/in-memory-registry.ts';
import { snapshotOf } from './restore-into-memory.ts';

export const record = (name: string): object => ({ type: 'record', name, fields: [] });

/** Empty records; soft-deleted right after they were imported. */
export type Version = readonly [subject: string, version: number, id: number, name: string, deleted?: 'deleted'];

/** Those of one id backwards: a version removes what is soft-deleted below it, of its id. */
export function having(registry: InMemoryRegistry, versions: readonly Version[]): InMemoryRegistry {
  registry.put('/mode', { mode: 'IMPORT' });
  for (const [subject, version, id, name, deleted] of backwardsById(versions)) {
    registry.register(subject, record(name), { version, id });
    if (deleted === 'deleted') registry.delete(`/subjects/${subject}/versions/${version}`);
  }
  registry.put('/mode', { mode: 'READWRITE' });
  return registry;
}

function backwardsById(versions: readonly Version[]): readonly Version[] {
  const byId = new Map<string, Version[]>();
  for (const version of versions) {
    const key = `${version[2]} ${version[0]}`;
    byId.set(key, [version, ...(byId.get(key) ?? [])]);
  }
  return [...byId.values()].flat();
}

export const backupOf = (...versions: readonly Version[]): Snapshot =>
  snapshotOf(having(new InMemoryRegistry(), versions));

export function served(...versions: readonly Version[]): RegistryInMemory {
  const target = new RegistryInMemory();
  having(target.registry, versions);
  return target;
}

/** `subject version id`, and whether it is soft-deleted. */
export const versionsOf = ({ registry }: RegistryInMemory): readonly string[] =>
  (registry.get('/schemas?deleted=true').body as readonly { subject: string; version: number; id: number }[]).map(
    ({ subject, version, id }) =>
      `${subject} ${version} ${id}${registry.get(`/subjects/${subject}/versions/${version}`).status === 404 ? ' deleted' : ''}`,
  );
