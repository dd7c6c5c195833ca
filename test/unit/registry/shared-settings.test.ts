import { expect, it } from 'vitest';
import { REGISTRY_CONFIG, RELEASE_CONFIG } from '../../../src/registry/registry-config.ts';
import { REGISTRY_SETTINGS_DIFFER } from '../../../src/registry/registry-errors.ts';
import { SHARED_KEYS } from '../../../src/registry/shared-settings.ts';
import { register, Task, WorkerOfRegistries } from './worker-of-registries.ts';

it('a later converter whose settings of a registry do not count is told so, once per key', async () => {
  const worker = new WorkerOfRegistries();
  const host = worker.host();
  const start = (subject: string, settings: Record<string, string>) =>
    new Task(worker, host, settings).start(register(subject));
  await start('a', { 'registry.barrier': 'off', 'registry.patience.ms': '100' });
  await start('b', { 'registry.barrier': 'off', 'registry.patience.ms': '200' });
  const told = () => worker.log.lines.filter(({ fields }) => fields['code'] === REGISTRY_SETTINGS_DIFFER);
  expect(told()).toEqual([]);
  await start('c', { 'registry.barrier': 'all', 'http.read.timeout.ms': '1000' });
  await start('d', { 'registry.barrier': 'primary' });
  expect(told().map(({ level, fields }) => [level, fields['key'], fields['kept'], fields['ignored']])).toEqual([
    ['warn', 'http.read.timeout.ms', expect.any(Number), 1000],
    ['warn', 'registry.barrier', 'off', 'all'],
  ]);
});

it('every setting is the registry’s own, the worker’s, or a converter’s', () => {
  const ofConverters = [
    'schemas.cache.size',
    'max.schemas.per.subject',
    'latest.cache.ttl.sec',
    'registry.park.timeout.ms',
    'registry.patience.ms',
    'unknown.id.action',
    'unknown.id.timeout.ms',
  ];
  // These make another registry of it.
  const ofIdentity = /^(basic\.auth|bearer\.auth|sasl|proxy|schema\.registry\.ssl)\.|^schema\.registry\.url$/;
  const placed = new Set<string>([...SHARED_KEYS, ...ofConverters, ...RELEASE_CONFIG.keys.keys()]);
  const left = [...REGISTRY_CONFIG.keys.keys()].filter((key) => !placed.has(key) && !ofIdentity.test(key));
  expect(left).toEqual([]);
});
