import { describe, expect, it } from 'vitest';
import { parseWorkerSettings } from '../../../src/cli/worker-settings.ts';
import { ConfigError } from '../../../src/sdk/errors/index.ts';

const AVRO = 'io.confluent.connect.avro.AvroConverter';
const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter';
const URL_KEY = 'schema.registry.url';

function mistakes(settings: Record<string, string>): string[] {
  try {
    parseWorkerSettings({ 'key.converter': JSON_CONVERTER, 'value.converter': JSON_CONVERTER, ...settings });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.code).toBe('holdfast.worker.config-invalid');
    return error.problems.map(({ key, message }) => `${key} | ${message}`);
  }
}

describe('the registry settings of a worker, whose mistakes keep it from starting', () => {
  it('are named all at once, with its other mistakes', () => {
    expect(
      mistakes({
        'offset.flush.interval.ms': '0',
        'registry.barrier': 'maybe',
        'registry.detection': 'guess',
        'registry.poll.interval.ms': 'soon',
        'registry.release.concurrency': '0',
        [URL_KEY]: 'bad url',
        'value.converter': AVRO,
        'value.converter.registry.barrier.hits': '0',
      }),
    ).toEqual([
      expect.stringMatching(/^offset\.flush\.interval\.ms \|/),
      expect.stringMatching(/^registry\.detection \| .*registry\.detection: String must be one of/),
      expect.stringMatching(/^registry\.poll\.interval\.ms \| .*registry\.poll\.interval\.ms: Not a number/),
      expect.stringMatching(/^registry\.barrier \|/),
      expect.stringMatching(/^registry\.release\.concurrency \|/),
      expect.stringMatching(/^schema\.registry\.url \| The URL is not of the form/),
      expect.stringMatching(
        /^value\.converter\.registry\.barrier\.hits \| .*value\.converter\.registry\.barrier\.hits: /,
      ),
    ]);
  });

  it('may be incomplete, as long as a converter can complete them', () => {
    expect(
      mistakes({
        'basic.auth.credentials.source': 'USER_INFO',
        'proxy.port': '3128',
        'bearer.auth.credentials.source': 'OAUTHBEARER',
      }),
    ).toEqual([]);
    expect(
      mistakes({
        'basic.auth.credentials.source': 'USER_INFO',
        'value.converter': AVRO,
        [`value.converter.${URL_KEY}`]: 'http://a:8081',
      }),
    ).toEqual([expect.stringMatching(/^value\.converter\.basic\.auth\.user\.info \| value\.converter\.basic\.auth/)]);
  });

  it('are told under the name that they were given', () => {
    expect(mistakes({ 'schema.registry.registry.barrier.hits': '0' })).toEqual([
      expect.stringMatching(/^schema\.registry\.registry\.barrier\.hits \|/),
    ]);
  });

  it('show no secret', () => {
    const found = mistakes({ [URL_KEY]: 'ftp://ann:secret@a', 'bearer.auth.token': 'secret', 'registry.barrier': 'x' });
    expect(found).toHaveLength(2);
    expect(found.join()).not.toContain('secret');
  });

  it('are right as they are in the guides', () => {
    expect(
      mistakes({
        [URL_KEY]: 'http://a:8081,http://b:8081',
        'registry.barrier': 'all',
        'key.converter': AVRO,
        'value.converter': AVRO,
        'value.converter.basic.auth.credentials.source': 'USER_INFO',
        'value.converter.basic.auth.user.info': 'a:b',
      }),
    ).toEqual([]);
  });
});

describe('settings of Kafka clients in a worker file', () => {
  it('are refused at once where a client would refuse them, in its words', () => {
    const settings = {
      'key.converter': 'String',
      'value.converter': 'String',
      'bootstrap.servers': 'a:1,b',
      'request.timeout.ms': '-5',
      'producer.linger.ms': 'soon',
      'consumer.auto.offset.reset': 'earliest ',
      'admin.retries': '-1',
      'consumer.linger.ms': 'is unknown to a consumer',
    };
    let problems: readonly { readonly key: string; readonly message: string }[] = [];
    try {
      parseWorkerSettings(settings);
    } catch (error) {
      problems = (error as { problems: typeof problems }).problems;
    }
    expect(Object.fromEntries(problems.map(({ key, message }) => [key, message]))).toEqual({
      'bootstrap.servers': expect.stringContaining('b is no server'),
      'request.timeout.ms': 'Invalid value -5 for configuration request.timeout.ms: Value must be at least 0',
      'producer.linger.ms': 'Invalid value soon for configuration linger.ms: Not a number of type LONG',
      'admin.retries': 'Invalid value -1 for configuration retries: Value must be at least 0',
    });
  });
});
