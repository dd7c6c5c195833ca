/** Every setting of Kafka Connect 4.1.1 is known here, with its type, default, importance and refusals; what differs stands here. */
import { describe, expect, it } from 'vitest';
import { SINK_CONNECTOR_CONFIG, SOURCE_CONNECTOR_CONFIG } from '../../../../src/runtime/config/connector-config-def.ts';
import { parseWorkerConfig } from '../../../../src/runtime/config/worker-config.ts';
import { WORKER_CONFIG } from '../../../../src/runtime/config/worker-config-def.ts';
import type { ConfigDef } from '../../../../src/sdk/config/index.ts';
import { type DescribedKey, describeDefinition, recordedDefinition } from '../../../support/recorded-definitions.ts';

const CONVERTERS = { 'key.converter': 'String', 'value.converter': 'String' };
const worker = WORKER_CONFIG as unknown as ConfigDef;

/** Classes are looked up by others, who know the plugins; what is wrong with a regular expression, JavaScript says in its own words. */
const withoutClasses = (keys: readonly DescribedKey[]): DescribedKey[] =>
  keys.map(({ refused, ...key }) => ({
    ...key,
    refused: Object.fromEntries(
      Object.entries(key.type === 'CLASS' ? {} : refused).map(([probe, message]) => [
        probe,
        message.replace(/(Invalid regex: ).*/s, '$1…'),
      ]),
    ),
  }));

/** Settings of a worker that refuse more, each with the reason. What Kafka Connect refuses, they refuse in its words. */
const STRICTER: Readonly<Record<string, string>> = {
  'admin.listeners': 'protocol and port are looked at before it listens',
  'bootstrap.servers': 'the same',
  'connector.client.config.override.policy': 'Kafka Connect looks for the class later',
  listeners: 'as admin.listeners',
  'offset.flush.interval.ms': 'no time is below 0, and without a pause nothing else would be done',
  'offset.flush.timeout.ms': 'no time is below 0',
  'offset.storage.file.filename': 'has a default, so that a first worker needs less; not empty',
  'rest.advertised.listener': 'there are http and https only',
  'rest.advertised.port': 'it must be a port',
  'rest.extension.classes': 'Kafka Connect looks for the classes later',
  'task.shutdown.graceful.timeout.ms': 'no time is below 0',
};

describe('the settings of a worker', () => {
  const standalone = recordedDefinition('standalone');

  it.each(['standalone', 'distributed'] as const)('are all known that a %s one has', (mode) => {
    const names = recordedDefinition(mode).map(({ name }) => name);
    expect(names.length).toBeGreaterThan(50);
    const given = Object.fromEntries(
      names.map((name) => [name, '']).filter(([name]) => !worker.keys.has(String(name))),
    );
    expect(parseWorkerConfig({ ...CONVERTERS, ...given }).unknown).toEqual([]);
  });

  it('are what they are in Kafka Connect', () => {
    const theirs = withoutClasses(standalone.filter(({ name }) => worker.keys.has(name)));
    const names = new Set(theirs.map(({ name }) => name));
    const ours = withoutClasses(describeDefinition(worker, (name) => names.has(name)));
    expect(ours.filter(({ name }) => !(name in STRICTER))).toEqual(theirs.filter(({ name }) => !(name in STRICTER)));
    for (const key of theirs.filter(({ name }) => name in STRICTER)) {
      const own = ours.find(({ name }) => name === key.name) as DescribedKey;
      expect(own.refused).toMatchObject(key.refused);
      expect(own.refused).not.toEqual(key.refused);
      expect({ type: own.type, importance: own.importance }).toEqual({ type: key.type, importance: key.importance });
      if (key.name !== 'offset.storage.file.filename') expect(own.default).toBe(key.default);
    }
  });
});

describe.each([
  ['source', SOURCE_CONNECTOR_CONFIG],
  ['sink', SINK_CONNECTOR_CONFIG],
] as const)('the settings of a %s connector', (type, def) => {
  it('are what they are in Kafka Connect', () => {
    expect(withoutClasses(describeDefinition(def as unknown as ConfigDef))).toEqual(
      withoutClasses(recordedDefinition(type)),
    );
  });
});
