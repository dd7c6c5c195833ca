import { describe, expect, it, vi } from 'vitest';
import * as errors from '../../../../src/sdk/errors/index.ts';
import {
  ConfigError,
  ConnectError,
  DataError,
  defineErrorCode,
  EnvironmentError,
  errorCodes,
  errorFromWire,
  errorToWire,
  RetriableError,
  SchemaBuilderError,
} from '../../../../src/sdk/errors/index.ts';

/** What a plugin sees that carries its own copy of the SDK. */
async function secondCopy(): Promise<typeof errors> {
  vi.resetModules();
  return await import('../../../../src/sdk/errors/index.ts');
}

class MyRetriableError extends RetriableError {}

describe('instanceof', () => {
  it('holds between two copies of the SDK, in both directions, along the hierarchy', async () => {
    const other = await secondCopy();
    expect(other.DataError).not.toBe(DataError);
    const theirs = new other.SchemaBuilderError('x');
    expect(theirs instanceof SchemaBuilderError).toBe(true);
    expect(theirs instanceof DataError).toBe(true);
    expect(theirs instanceof ConnectError).toBe(true);
    expect(theirs instanceof RetriableError).toBe(false);
    expect(new DataError('x') instanceof other.DataError).toBe(true);
    expect(new DataError('x') instanceof other.SchemaBuilderError).toBe(false);
  });

  it('holds for subclasses of plugin authors', async () => {
    const other = await secondCopy();
    class TheirError extends other.RetriableError {}
    expect(new TheirError('x') instanceof RetriableError).toBe(true);
    expect(new TheirError('x') instanceof TheirError).toBe(true);
    expect(new RetriableError('x') instanceof TheirError).toBe(false);
    expect(new MyRetriableError('x').name).toBe('MyRetriableError');
  });

  it('is false for other things', () => {
    for (const thing of [null, undefined, 1, 'x', {}, new Error('x')])
      expect(thing instanceof ConnectError).toBe(false);
  });
});

describe('an error', () => {
  it('carries name, code, cause and details', () => {
    const cause = new Error('reset');
    const error = new EnvironmentError('gone', { cause, gateId: 'sr:write', details: { url: 'u' } });
    expect(error).toMatchObject({
      name: 'EnvironmentError',
      code: 'holdfast.environment.unavailable',
      gateId: 'sr:write',
      details: { url: 'u' },
      cause,
    });
    expect(error.stack).toMatch(/^EnvironmentError: gone/);
    expect(new DataError('x', { code: 'holdfast.json.depth' }).code).toBe('holdfast.json.depth');
  });
});

describe('the wire form', () => {
  function overTheWire(thrown: unknown): Error {
    return errorFromWire(structuredClone(errorToWire(thrown)));
  }

  it('keeps what decisions rest on', () => {
    const cause = new DataError('inner', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) });
    const original = new EnvironmentError('gone', { gateId: 'g', cause, details: { attempt: 3 } });
    const back = overTheWire(original);
    expect(back).toBeInstanceOf(EnvironmentError);
    expect(back).toBeInstanceOf(Error);
    expect(back instanceof DataError).toBe(false);
    expect(back).toMatchObject({ gateId: 'g', code: original.code, message: 'gone', details: { attempt: 3 } });
    expect(back.stack).toBe(original.stack);
    expect(back.cause).toBeInstanceOf(DataError);
    expect((back.cause as Error).cause).toMatchObject({ message: 'reset', code: 'ECONNRESET' });
    expect(errorToWire(back)).toEqual(errorToWire(original));
  });

  it('keeps the mistakes of a configuration', () => {
    const problems = [{ key: 'a', message: 'b' }];
    expect(overTheWire(new ConfigError('x', { problems }))).toMatchObject({ problems });
  });

  it('keeps a plugin’s subclass recognisable by its base, under its own name', () => {
    const back = overTheWire(new MyRetriableError('x'));
    expect(back).toBeInstanceOf(RetriableError);
    expect(back.name).toBe('MyRetriableError');
  });

  it('keeps brands that this copy does not know', () => {
    const wire = { ...errorToWire(new DataError('x')), brands: ['AlienError', 'DataError', 'ConnectError'] };
    expect(errorToWire(errorFromWire(wire)).brands).toEqual(wire.brands);
  });

  it('takes whatever was thrown, and ends at a cycle', () => {
    expect(overTheWire('just a text').message).toBe('just a text');
    expect(overTheWire(undefined).message).toBe('undefined');
    const cyclic = new Error('round');
    cyclic.cause = cyclic;
    expect(overTheWire(cyclic).message).toBe('round');
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no');
        },
      },
    );
    expect(() => overTheWire(hostile)).not.toThrow();
    expect(errorToWire(new DataError('x', { details: { run: () => {} } })).details).toBeUndefined();
  });
});

describe('error codes', () => {
  it('are defined for every class of the SDK', () => {
    const classes = Object.values(errors).filter(
      (each): each is typeof ConnectError => typeof each === 'function' && each.prototype instanceof Error,
    );
    expect(classes.length).toBeGreaterThan(9);
    const codes = classes.map((each) => each.defaultCode);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) {
      const entry = errorCodes().get(code);
      expect(entry?.what).toMatch(/\.$/);
      expect(entry?.mend).toMatch(/\.$/);
    }
  });

  it('refuse another shape, and a second definition in other words', () => {
    expect(() => defineErrorCode('holdfast.Bad', { what: '', mend: '' })).toThrow('is not of the form');
    defineErrorCode('holdfast.test.twice', { what: 'A.', mend: 'B.' });
    expect(defineErrorCode('holdfast.test.twice', { what: 'A.', mend: 'B.' })).toBe('holdfast.test.twice');
    expect(() => defineErrorCode('holdfast.test.twice', { what: 'A.', mend: 'C.' })).toThrow('defined twice');
  });
});
