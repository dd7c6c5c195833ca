import { describe, expect, it } from 'vitest';
import { javaClassName, javaStackTrace } from '../../../../src/runtime/errors/java-class-name.ts';
import {
  ConfigError,
  ConnectError,
  DataError,
  RetriableError,
  SchemaBuilderError,
} from '../../../../src/sdk/errors/index.ts';

class OrderError extends DataError {}

describe('javaClassName', () => {
  it('is that of the exception that Kafka Connect throws, where there is one', () => {
    expect(javaClassName(new DataError('x'))).toBe('org.apache.kafka.connect.errors.DataException');
    expect(javaClassName(new ConnectError('x'))).toBe('org.apache.kafka.connect.errors.ConnectException');
    expect(javaClassName(new RetriableError('x'))).toBe('org.apache.kafka.connect.errors.RetriableException');
    expect(javaClassName(new SchemaBuilderError('x'))).toBe('org.apache.kafka.connect.errors.SchemaBuilderException');
    expect(javaClassName(new ConfigError('x'))).toBe('org.apache.kafka.common.config.ConfigException');
  });

  it('leaves the names of others', () => {
    expect(javaClassName(new OrderError('x'))).toBe('OrderError');
    expect(javaClassName(new TypeError('x'))).toBe('TypeError');
    expect(javaClassName('thrown text')).toBe('string');
    expect(javaClassName(null)).toBe('object');
  });
});

describe('javaStackTrace', () => {
  it("looks as Java's, causes included", () => {
    const text = javaStackTrace(
      new DataError('outer\nsecond line', { cause: new TypeError('inner', { cause: 'a text' }) }),
    );
    expect(text).toMatch(
      /^org\.apache\.kafka\.connect\.errors\.DataException: outer\nsecond line\n\tat .*\n(\tat .*\n)*Caused by: TypeError: inner\n\tat .*\n(\tat .*\n)*Caused by: a text\n$/,
    );
    expect(javaStackTrace(new DataError(''))).toMatch(/^org\.apache\.kafka\.connect\.errors\.DataException\n\tat /);
  });

  it('ends for an error that is its own cause', () => {
    const error = new Error('round');
    error.cause = error;
    expect(javaStackTrace(error).split('Caused by: ')).toHaveLength(16);
  });
});
