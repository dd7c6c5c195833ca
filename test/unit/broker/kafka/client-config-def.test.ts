import { describe, expect, it } from 'vitest';
import { CLIENT_CONFIGS, type ClientKind } from '../../../../src/broker/kafka/client-config-def.ts';
import { parseKafkaSettings } from '../../../../src/broker/kafka/kafka-settings.ts';
import {
  CLIENT_SETTINGS_WITHOUT_EFFECT,
  clientSettingsWithoutEffect,
  unknownClientSettings,
} from '../../../../src/broker/kafka/settings-without-effect.ts';
import { silentLogger } from '../../../../src/foundation/logger.ts';
import { describeDefinition, recordedDefinition } from '../../../support/recorded-definitions.ts';

const KINDS: readonly ClientKind[] = ['producer', 'consumer', 'admin'];

describe.each(KINDS)('the settings of a %s', (kind) => {
  it('are those of Kafka 4.1.1: type, default, importance and what is refused', () => {
    // Classes of Java are none of ours: whether there is one is not known.
    const theirs = recordedDefinition(kind).map((key) => (key.type === 'CLASS' ? { ...key, refused: {} } : key));
    expect(describeDefinition(CLIENT_CONFIGS[kind])).toEqual(theirs);
  });
});

describe('settings without effect', () => {
  it('are settings of Kafka', () => {
    const known = new Set(KINDS.flatMap((kind) => [...CLIENT_CONFIGS[kind].keys.keys()]));
    expect([...CLIENT_SETTINGS_WITHOUT_EFFECT.keys()].filter((key) => !known.has(key))).toEqual([]);
  });

  it('are named with the reason, unless they say what is the case anyway', () => {
    const settings = {
      'linger.ms': '5',
      'partitioner.class': 'com.mine.Partitioner',
      'key.serializer': 'org.apache.kafka.common.serialization.ByteArraySerializer',
      'compression.lz4.level': ' 9 ',
      'compression.zstd.level': 'many',
      'client.rack': 'r1',
      'no.such': '1',
    };
    expect(clientSettingsWithoutEffect('producer', settings)).toEqual({
      'partitioner.class': 'classes of Java do not run here',
      'compression.zstd.level': 'codecs compress at their own default level',
    });
    expect(
      clientSettingsWithoutEffect('consumer', { 'enable.auto.commit': 'FALSE', 'group.protocol': 'CLASSIC' }),
    ).toEqual({});
    expect(unknownClientSettings('producer', settings)).toEqual(['client.rack', 'no.such']);
  });
});

describe('every setting of Kafka’s clients', () => {
  /** Keys that a parse asks for, whatever it makes of the answers. */
  function keysRead(given: Readonly<Record<string, string>>): string[] {
    const read: string[] = [];
    const settings = new Proxy<Record<string, string>>(given, {
      get: (target, key) => {
        read.push(String(key));
        return target[String(key)];
      },
    });
    try {
      parseKafkaSettings(settings, { kind: 'consumer', bootstrapServers: 'a:1', logger: silentLogger });
    } catch {
      // Mistakes are of no interest here.
    }
    return read;
  }

  it('is read, or has a reason why not', () => {
    const sasl = (mechanism: string, jaas: string) => ({
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': mechanism,
      'sasl.jaas.config': `x.Module required ${jaas};`,
    });
    const read = new Set(
      [
        {},
        { 'security.protocol': 'SSL' },
        { 'security.protocol': 'SSL', 'ssl.keystore.location': 'x', 'ssl.truststore.location': 'y' },
        sasl('PLAIN', 'username="a" password="b"'),
        sasl('GSSAPI', ''),
        sasl('OAUTHBEARER', 'clientId="a" clientSecret="b"'),
        { ...sasl('OAUTHBEARER', ''), 'sasl.oauthbearer.token.endpoint.url': 'http://a/token' },
      ].flatMap(keysRead),
    );
    // The group is the runtime's to join; passwords are asked for when there is a store.
    for (const key of ['group.id', 'ssl.keystore.password', 'ssl.truststore.password']) read.add(key);
    const silent = KINDS.flatMap((kind) => [...CLIENT_CONFIGS[kind].keys.keys()]).filter(
      (key) => !read.has(key) && !CLIENT_SETTINGS_WITHOUT_EFFECT.has(key),
    );
    expect([...new Set(silent)].sort()).toEqual([]);
    expect([...CLIENT_SETTINGS_WITHOUT_EFFECT.keys()].filter((key) => read.has(key))).toEqual([]);
  });
});
