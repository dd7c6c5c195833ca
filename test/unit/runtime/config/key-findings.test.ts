import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIENT_CONFIGS } from '../../../../src/broker/kafka/client-config-def.ts';
import { connectorKeyFindings, workerKeyFindings } from '../../../../src/runtime/config/key-findings.ts';
import { WORKER_CONFIG } from '../../../../src/runtime/config/worker-config-def.ts';

const KAFKA = { 'bootstrap.servers': 'a:1' };

describe('keys of a worker', () => {
  it('are unknown where nobody has them, in the order of the file', () => {
    const { unknown, withoutEffect } = workerKeyFindings({
      'offest.flush.interval.ms': '1',
      ...KAFKA,
      'producer.linger.ms': '1',
      'producer.fetch.min.bytes': '1',
      'consumer.linger.ms': '1',
      'admin.acks': 'all',
      'admin.listeners.https.ssl.keystore.locaton': 'k',
      'admin.listeners.https.ssl.keystore.location': 'k',
      'ssl.keystore.location': 'k',
      'ssl.keystore.locaton': 'k',
      'sasl.username': 'of a registry',
      'config.providers': 'file',
      'config.providers.file.class': 'x',
      'config.providers.file.param.a': 'x',
      'config.providers.file.params.a': 'x',
      'config.providers.fiel.class': 'x',
      'linger.ms': '5',
      'offset.storage.file.filenam': 'x',
      'value.converter.anything': 'is asked of the converter',
    });
    expect(unknown).toEqual([
      'offest.flush.interval.ms',
      'producer.fetch.min.bytes',
      'consumer.linger.ms',
      'admin.acks',
      'admin.listeners.https.ssl.keystore.locaton',
      'ssl.keystore.locaton',
      'config.providers.file.params.a',
      'config.providers.fiel.class',
      'linger.ms',
      'offset.storage.file.filenam',
    ]);
    expect(withoutEffect).toEqual({});
  });

  it('have a reason where Kafka Connect has them and they do nothing', () => {
    const { unknown, withoutEffect } = workerKeyFindings({
      ...KAFKA,
      'group.id': 'g',
      'offset.storage.segment.bytes': '1',
      'metrics.context.x': 'y',
      'internal.key.converter.schemas.enable': 'false',
      'send.buffer.bytes': '9',
      'request.timeout.ms': '9',
      'consumer.interceptor.classes': 'a.B',
    });
    expect(unknown).toEqual([]);
    expect(Object.keys(withoutEffect)).toEqual([
      'group.id',
      'offset.storage.segment.bytes',
      'metrics.context.x',
      'internal.key.converter.schemas.enable',
      'send.buffer.bytes',
      'consumer.interceptor.classes',
    ]);
  });

  it('of https listeners have the reasons of clients, and one of their own', () => {
    const { unknown, withoutEffect } = workerKeyFindings({
      ...KAFKA,
      'listeners.https.ssl.keystore.location': 'k',
      'listeners.https.ssl.keymanager.algorithm': 'SunX509',
      'listeners.https.ssl.trustmanager.algorithm': 'Mine',
      'admin.listeners.https.ssl.endpoint.identification.algorithm': 'https',
    });
    expect(unknown).toEqual([]);
    expect(withoutEffect).toEqual({
      'listeners.https.ssl.trustmanager.algorithm': "TLS is Node's, with its own algorithms",
      'admin.listeners.https.ssl.endpoint.identification.algorithm':
        'a listener checks certificates of clients, and no host names in them',
    });
  });

  it('of clients do nothing with the embedded broker, but for those that it uses', () => {
    const settings = { 'producer.linger.ms': '1', 'producer.compression.type': 'gzip', 'ssl.protocol': 'TLSv1.2' };
    expect(workerKeyFindings({ ...KAFKA, ...settings }).withoutEffect).toEqual({});
    const { withoutEffect } = workerKeyFindings({ 'bootstrap.servers': 'embedded:x', ...settings });
    expect(Object.keys(withoutEffect).sort()).toEqual(['producer.linger.ms', 'ssl.protocol']);
  });

  it('are unknown exactly if they are in no definition, whatever they are', () => {
    const known = fc.constantFrom(
      ...WORKER_CONFIG.keys.keys(),
      ...(['producer', 'consumer', 'admin'] as const).flatMap((kind) =>
        [...CLIENT_CONFIGS[kind].keys.keys()].map((key) => `${kind}.${key}`),
      ),
    );
    const made = fc.oneof(
      fc.string(),
      known.map((key) => `${key}x`),
      known.map((key) => key.toUpperCase()),
      fc.constantFrom('__proto__', 'constructor', 'producer.', 'producer', 'producer.__proto__', 'toString'),
    );
    const isOfOthers = (key: string): boolean =>
      /^(registry|schema\.registry|unknown\.id|basic\.auth|bearer\.auth|proxy|(key|value|header)\.converter|metrics\.context|(offset|config|status)\.storage)\./.test(
        key,
      );
    fc.assert(
      fc.property(fc.array(known), fc.array(made), (some, others) => {
        const strange = others.filter(
          (key) =>
            !isOfOthers(key) &&
            !WORKER_CONFIG.keys.has(key) &&
            !CLIENT_CONFIGS.admin.keys.has(key) &&
            !/^(internal\.(key|value)\.converter)/.test(key),
        );
        const raw = Object.fromEntries([...some, ...strange].map((key) => [key, '1'] as const));
        expect([...workerKeyFindings(raw).unknown].sort()).toEqual([...new Set(strange)].sort());
      }),
    );
  });
});

describe('keys of a connector', () => {
  const context = { known: new Set(['name', 'file', 'transforms.a.type']), worker: KAFKA };

  it('are unknown where nobody has them', () => {
    const config = {
      name: 'c',
      fiel: 'x',
      file: 'x',
      'park.timeout.ms': '1',
      'transforms.a.type': 'T',
      'transforms.b.type': 'T',
      'producer.override.linger.ms': '1',
      'producer.override.lingerms': '1',
      'consumer.override.fetch.min.bytes': '1',
      'key.converter.anything': 'is asked of the converter',
      'topic.creation.default.cleanup.policy': 'compact',
      'null.value': null,
    };
    expect(connectorKeyFindings('source', config, context)).toEqual({
      unknown: ['fiel', 'transforms.b.type', 'producer.override.lingerms', 'null.value'],
      withoutEffect: { 'consumer.override.fetch.min.bytes': 'a connector of this kind has no such client' },
    });
    expect(connectorKeyFindings('sink', config, context).unknown).toEqual([
      'fiel',
      'transforms.b.type',
      'producer.override.lingerms',
      'topic.creation.default.cleanup.policy',
      'null.value',
    ]);
  });

  it('of groups of topics are unknown where there is no such group', () => {
    const config = {
      'topic.creation.groups': 'a, b.c',
      'topic.creation.a.include': 'x',
      'topic.creation.b.c.retention.ms': '1',
      'topic.creation.b.include': 'x',
      'topic.creation.default.partitions': '1',
      'topic.creation.default.include': 'x',
    };
    expect(connectorKeyFindings('source', config, { ...context, known: new Set(['topic.creation.groups']) })).toEqual({
      unknown: ['topic.creation.b.include'],
      withoutEffect: {
        'topic.creation.default.include': 'the default group is for every topic that no other group takes',
      },
    });
  });

  it('have a reason where Kafka Connect has them and they do nothing', () => {
    expect(connectorKeyFindings('source', { 'transaction.boundary': 'POLL' }, context).withoutEffect).toEqual({});
    const config = {
      'exactly.once.support': ' Requested ',
      'transaction.boundary': 'interval',
      'offsets.storage.topic': 't',
      'producer.override.transactional.id': 'x',
      'admin.override.client.dns.lookup': 'resolve_canonical_bootstrap_servers_only',
    };
    const { unknown, withoutEffect } = connectorKeyFindings('source', config, context);
    expect(unknown).toEqual([]);
    expect(Object.keys(withoutEffect)).toEqual(Object.keys(config).slice(1));
    const embedded = { ...context, worker: { 'bootstrap.servers': 'embedded:x' } };
    expect(connectorKeyFindings('source', { 'producer.override.linger.ms': '1' }, embedded).withoutEffect).toEqual({
      'producer.override.linger.ms': 'the embedded broker has no use for it',
    });
  });
});
