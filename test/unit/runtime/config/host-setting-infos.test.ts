import { describe, expect, it } from 'vitest';
import { hostSettingInfos } from '../../../../src/runtime/config/host-setting-infos.ts';
import { parseWorkerConfig } from '../../../../src/runtime/config/worker-config.ts';
import type { RawConnectorConfig } from '../../../../src/runtime/herder/herder.ts';

const CONVERTER = 'org.apache.kafka.connect.storage.StringConverter';

function errors(config: RawConnectorConfig, worker: Readonly<Record<string, string>> = {}): string[] {
  const parsed = parseWorkerConfig({ 'key.converter': CONVERTER, 'value.converter': CONVERTER, ...worker });
  return hostSettingInfos(parsed, config).flatMap(({ value }) => value?.errors ?? []);
}

describe('settings of task hosts that a connector gives for itself', () => {
  it("are refused in Kafka Connect's words", () => {
    const wrong = { 'task.isolation': 'thread', 'park.timeout.ms': 'soon', 'max.inflight.batches': '0' };
    expect(errors(wrong)).toEqual([
      'Invalid value thread for configuration task.isolation: String must be one of (case insensitive): INLINE, SHARED, OWN',
      'Invalid value 0 for configuration max.inflight.batches: Value must be at least 1',
      'Invalid value soon for configuration park.timeout.ms: Not a number of type LONG',
      'Invalid value null for configuration park.timeout.ms: Value must be non-null',
    ]);
    expect(errors({ 'task.isolation': ' OWN ', 'park.timeout.ms': '-1' })).toEqual([]);
  });

  it('show only where they are given, with what they are', () => {
    const worker = parseWorkerConfig({ 'key.converter': CONVERTER, 'value.converter': CONVERTER });
    expect(hostSettingInfos(worker, { name: 'c' })).toEqual([]);
    expect(hostSettingInfos(worker, { 'task.isolation': 'own' })).toMatchObject([
      { definition: { name: 'task.isolation', type: 'STRING' }, value: { value: 'own', errors: [] } },
    ]);
  });

  it('limit the memory of a thread that others use too to nobody', () => {
    const limit = { 'task.host.memory.max.mb': '64' };
    const refused =
      'Invalid value 64 for configuration task.host.memory.max.mb: A connector has a limit of its own only with task.isolation=own';
    expect(errors(limit)).toEqual([refused]);
    expect(errors({ ...limit, 'task.isolation': 'shared' })).toEqual([refused]);
    expect(errors({ ...limit, 'task.isolation': 'own' })).toEqual([]);
    expect(errors(limit, { 'task.isolation': 'own' })).toEqual([]);
    expect(errors({ 'task.host.memory.max.mb': '0' })).toEqual([]);
  });
});
