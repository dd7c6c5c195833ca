import { describe, expect, it } from 'vitest';
import { settingName, settingsFromEnvironment } from '../../../src/cli/environment-settings.ts';

describe('settingsFromEnvironment', () => {
  it.each([
    ['BOOTSTRAP_SERVERS', 'bootstrap.servers'],
    ['VALUE_CONVERTER_SCHEMA_REGISTRY_URL', 'value.converter.schema.registry.url'],
    ['A__B_C', 'a_b.c'],
    ['A___B', 'a-b'],
    ['A____B', 'a-.b'],
  ])('names %s %s', (variable, setting) => {
    expect(settingName(variable)).toBe(setting);
  });

  it('takes only CONNECT_ variables, and leaves out those of the image', () => {
    expect(
      settingsFromEnvironment({
        PATH: '/bin',
        CONNECT_KEY_CONVERTER: 'String',
        CONNECT_METRIC_REPORTERS: 'x',
        CONNECT_CUB_KAFKA_TIMEOUT: '40',
        CONNECT_LOG4J_LOGGERS: 'a=DEBUG',
        CONNECT_EMPTY: undefined,
      }),
    ).toEqual({ 'key.converter': 'String' });
  });

  it('makes a listener of REST_PORT unless listeners are given, and a level of the log4j root level', () => {
    expect(settingsFromEnvironment({ CONNECT_REST_PORT: '9000', CONNECT_LOG4J_ROOT_LOGLEVEL: 'DEBUG' })).toEqual({
      listeners: 'http://:9000',
      'log.level': 'debug',
    });
    expect(settingsFromEnvironment({ CONNECT_REST_PORT: '9000', CONNECT_LISTENERS: 'http://a:1' })).toEqual({
      listeners: 'http://a:1',
    });
  });
});
