import { describe, expect, it } from 'vitest';
import { withPrefix } from '../../../../src/runtime/config/with-prefix.ts';
import { parseWorkerConfig } from '../../../../src/runtime/config/worker-config.ts';
import { ConfigError } from '../../../../src/sdk/errors/kinds.ts';

const MINIMUM = { 'key.converter': 'String', 'value.converter': 'String' };

describe('parseWorkerConfig', () => {
  it('needs the converters and has a default for everything else', () => {
    const { values } = parseWorkerConfig(MINIMUM);
    expect(values['bootstrap.servers']).toEqual(['localhost:9092']);
    expect(values['offset.flush.interval.ms']).toBe(60_000);
    expect(values['header.converter']).toBe('org.apache.kafka.connect.storage.SimpleHeaderConverter');
    expect(values['offset.storage.file.filename']).toBe('.holdfast/connect.offsets');
  });

  it('names every mistake at once', () => {
    const raw = {
      'value.converter': 'String',
      'offset.flush.interval.ms': 'soon',
      'topic.creation.enable': 'maybe',
      listeners: 'ftp://x',
      'log.level': 'loud',
    };
    let error: unknown;
    try {
      parseWorkerConfig(raw);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigError);
    const { problems, message, code } = error as ConfigError;
    expect(code).toBe('holdfast.worker.config-invalid');
    expect([...new Set(problems.map(({ key }) => key))].sort()).toEqual([
      'key.converter',
      'listeners',
      'log.level',
      'offset.flush.interval.ms',
      'topic.creation.enable',
    ]);
    expect(message).toContain('Missing required configuration "key.converter" which has no default value.');
    expect(message).toContain(
      'Invalid value soon for configuration offset.flush.interval.ms: Not a number of type LONG',
    );
  });

  it('tells unknown keys from those that are handed on and those of Kafka Connect without effect', () => {
    const config = parseWorkerConfig({
      ...MINIMUM,
      'value.converter.schemas.enable': 'false',
      'producer.linger.ms': '5',
      'sasl.mechanism': 'PLAIN',
      'group.id': 'g',
      'offset.storage.topic': 't',
      'retry.backoff.ms': '2',
      'offest.flush.interval.ms': '1',
      'park.backoff.maximum.ms': '1',
      'listeners.https.ssl.keystore.location': 'k',
      'admin.listeners.https.ssl.keystore.locaton': 'k',
    });
    expect(config.unknown).toEqual([
      'offest.flush.interval.ms',
      'park.backoff.maximum.ms',
      'admin.listeners.https.ssl.keystore.locaton',
    ]);
    expect(Object.keys(config.withoutEffect)).toEqual(['group.id', 'offset.storage.topic']);
    expect(withPrefix(config.raw, 'value.converter.')).toEqual({ 'schemas.enable': 'false' });
    // What is no key is none, and any name is one.
    const odd = JSON.parse('{"producer.override.":"x","producer.override.__proto__":"y"}') as Record<string, string>;
    expect(Object.entries(withPrefix(odd, 'producer.override.'))).toEqual([['__proto__', 'y']]);
  });

  it('never repeats the value of a setting it does not declare', () => {
    try {
      parseWorkerConfig({ 'sasl.jaas.config': 'secret-123' });
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain('secret-123');
    }
  });
});

describe('settings that would be dangerous to pass over', () => {
  it.each(['rest.extension.classes'])('%s is refused', (key) => {
    expect(() => parseWorkerConfig({ ...MINIMUM, [key]: 'x' })).toThrow(
      new RegExp(`for configuration ${key}: a REST extension is a class of Java`),
    );
    parseWorkerConfig({ ...MINIMUM, [key]: '' });
  });
});
