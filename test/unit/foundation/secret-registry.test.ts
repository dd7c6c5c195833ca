import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { maskingLogger } from '../../../src/foundation/masking-logger.ts';
import { SecretRegistry } from '../../../src/foundation/secret-registry.ts';
import { ConfigError } from '../../../src/sdk/errors/kinds.ts';

function registryOf(...secrets: string[]): SecretRegistry {
  const registry = new SecretRegistry();
  registry.hold('owner', secrets);
  return registry;
}

describe('SecretRegistry', () => {
  it('strikes out a secret wherever it stands, and in every form in which it travels', () => {
    const secret = 'hun"ter two/2';
    const registry = registryOf(secret);
    expect(registry.mask(`xx${secret}yy`)).toBe('xx[hidden]yy');
    expect(registry.mask(`a=${encodeURIComponent(secret)}&b=1`)).toBe('a=[hidden]&b=1');
    expect(registry.mask(JSON.stringify({ password: secret }))).toBe('{"password":"[hidden]"}');
    expect(registry.mask(`Basic ${Buffer.from(secret).toString('base64')}`)).toBe('Basic [hidden]');
  });

  it('strikes it out of an Authorization header and of a form, wherever it begins', () => {
    const secret = 'hunter2-hunter2 ö';
    const registry = registryOf(secret);
    for (const user of ['', 'a:', 'ab:', 'abc:', 'svc-user:']) {
      for (const end of ['', ':x', 'xyz']) {
        for (const encoding of ['base64', 'base64url'] as const) {
          const masked = registry.mask(`Basic ${Buffer.from(`${user}${secret}${end}`).toString(encoding)}.`);
          const rest = masked.replace('Basic ', '').replace('[hidden]', '');
          expect(masked).toContain('[hidden]');
          expect(Buffer.from(rest, encoding).toString('latin1')).not.toContain('unter');
        }
      }
    }
    expect(registry.mask(`x=1&${new URLSearchParams({ secret })}`)).toBe('x=1&secret=[hidden]');
  });

  it('takes the longest of those that begin alike, and all of several', () => {
    const registry = registryOf('abcdefgh', 'abcdefgh-ijkl');
    expect(registry.mask('abcdefgh-ijkl, abcdefgh, abcdefghabcdefgh')).toBe('[hidden], [hidden], [hidden][hidden]');
  });

  it('leaves nothing of secrets that overlap, contain each other, or lie end to end', () => {
    const registry = registryOf('abcdefgh', 'efghijkl', 'hijklmnopq', 'cdef-as-part-of-cdef', 'klmn');
    expect(registry.mask('<abcdefghijklmnopq>')).toBe('<[hidden]>');
    expect(registry.mask('<abcdefghabcdefghijkl>')).toBe('<[hidden][hidden]>');
    expect(registry.mask('abcdefg hijklmnop klmn')).toBe('abcdefg hijklmnop [hidden]');
  });

  it('finds what a search of each secret for itself finds', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', 'ö', '\u{1f600}'), minLength: 8, maxLength: 14 });
    const sample = fc.record({
      secrets: fc.array(piece, { maxLength: 12 }),
      parts: fc.array(piece, { maxLength: 12 }),
    });
    fc.assert(
      fc.property(sample, ({ secrets, parts }) => {
        const text = [...parts, ...secrets, ...parts].join('');
        const registry = registryOf(...secrets);
        const isCovered = text.split('').map(() => false);
        for (const secret of secrets) {
          for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1)) {
            isCovered.fill(true, at, at + secret.length);
          }
        }
        const shown = registry
          .runs(text)
          .reduceRight((left, { start, end }) => left.slice(0, start) + left.slice(end), text);
        expect(shown).toBe(
          text
            .split('')
            .filter((_, at) => isCovered[at] !== true)
            .join(''),
        );
      }),
    );
  });

  it('searches a text for tens of thousands of secrets that begin alike', () => {
    const secrets = Array.from({ length: 20_000 }, (_, n) => `secret-value-number-${n}-`);
    const registry = registryOf(...secrets);
    const text = JSON.stringify(secrets);
    expect(registry.mask(text)).toBe(JSON.stringify(secrets.map(() => '[hidden]')));
    registry.hold('another', ['another-secret']);
    expect(registry.mask('another-secret secret-value-number-19999- secret-value-number-20000-')).toBe(
      '[hidden] [hidden] secret-value-number-20000-',
    );
    registry.release('owner');
    registry.add(['a-passing-secret']);
    expect(registry.secrets()).toHaveLength(2_001);
    expect(registry.mask(text).split('[hidden]')).toHaveLength(2_000);
  });

  it('knows every secret of one call, however many there are, and what several owners hold until the last is gone', () => {
    const registry = new SecretRegistry();
    registry.add(Array.from({ length: 5_000 }, (_, n) => `passing-${n}-`));
    expect(registry.mask('passing-0- passing-4999-')).toBe('[hidden] [hidden]');
    registry.hold('one', ['shared-secret']);
    registry.hold('two', ['shared-secret']);
    registry.release('one');
    registry.add(Array.from({ length: 2_000 }, (_, n) => `later-${n}-`));
    expect(registry.mask('passing-4999- shared-secret')).toBe('passing-4999- [hidden]');
  });

  it('finds short ones as words only, and leaves alone what is too short or too common', () => {
    const registry = registryOf('s3cr', 'abc', '8083', '1234567', 'true', 'admin', 'password', '12345678');
    expect(registry.mask('s3cr! (s3cr) s3cret xs3cr')).toBe('[hidden]! ([hidden]) s3cret xs3cr');
    const ordinary = 'abc: true on port 8083 for admin, whose password has 1234567 characters';
    expect(registry.mask(ordinary)).toBe(ordinary);
    expect(registry.mask('pin 12345678')).toBe('pin [hidden]');
  });

  it('knows the lines of a key, but not the labels around it', () => {
    const registry = registryOf(
      '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----\n',
    );
    expect(registry.mask('bad base64 MIIEvQIBADANBg in -----BEGIN PRIVATE KEY-----')).toBe(
      'bad base64 [hidden] in -----BEGIN PRIVATE KEY-----',
    );
  });

  it('still strikes out for a while what an owner used before, or who is gone', () => {
    const registry = registryOf('first-secret');
    registry.hold('owner', ['second-secret']);
    expect(registry.mask('first-secret second-secret')).toBe('[hidden] [hidden]');
    registry.release('owner');
    expect(registry.mask('first-secret second-secret')).toBe('[hidden] [hidden]');
    registry.add(Array.from({ length: 2_000 }, (_, n) => `passing-${n}-`));
    expect(registry.mask('first-secret passing-1999-')).toBe('first-secret [hidden]');
    expect(registry.secrets()).toHaveLength(2_000);
  });

  it('goes into objects, arrays, maps and errors with their causes, and keeps what has no secret as it is', () => {
    const registry = registryOf('hunter2-hunter2');
    const clean = { a: [1, { b: 'x' }], err: new Error('no') };
    expect(registry.maskAll(clean)).toBe(clean);
    const cause = new TypeError('at hunter2-hunter2');
    const error = new ConfigError('wrong: hunter2-hunter2', {
      cause,
      problems: [{ key: 'k', message: 'hunter2-hunter2' }],
    });
    const masked = registry.maskAll({
      err: error,
      list: ['hunter2-hunter2'],
      map: new Map([['k', 'hunter2-hunter2']]),
    }) as {
      err: ConfigError;
    };
    expect(masked.err).toBeInstanceOf(ConfigError);
    expect(masked.err.code).toBe(error.code);
    expect(masked.err.message).toBe('wrong: [hidden]');
    expect(masked.err.problems).toEqual([{ key: 'k', message: '[hidden]' }]);
    expect(masked.err.cause).toBeInstanceOf(TypeError);
    expect(`${masked.err.stack}${(masked.err.cause as Error).stack}`).not.toContain('hunter2');
    expect(JSON.stringify(masked)).not.toContain('hunter2');
    expect(error.message).toContain('hunter2');
  });

  it('goes into objects of any class as JSON would, and never throws', () => {
    const registry = registryOf('hunter2-hunter2');
    class Settings {
      readonly inner = new URL('http://u:hunter2-hunter2@h/');
      readonly at = new Date(0);
    }
    const settings = new Settings();
    expect(JSON.stringify(registry.maskAll({ settings }))).toBe(
      '{"settings":{"inner":"http://u:[hidden]@h/","at":"1970-01-01T00:00:00.000Z"}}',
    );
    const clean = { at: settings.at, bytes: Buffer.from('x'), list: new Set([1]) };
    expect(registry.maskAll(clean)).toBe(clean);
    const circle: Record<string, unknown> = { secret: 'hunter2-hunter2' };
    circle['self'] = circle;
    expect(registry.maskAll(circle)).toEqual({ secret: '[hidden]', self: '[Circular]' });
    const throwing = {
      get text(): string {
        throw new Error('no');
      },
    };
    expect(registry.maskAll({ throwing })).toEqual({ throwing: '[a value that has no text form]' });
    let deep: object = { text: 'hunter2-hunter2' };
    for (let level = 0; level < 20; level++) deep = { deep };
    expect(JSON.stringify(registry.maskAll(deep))).not.toContain('hunter2');
  });

  it('stands before a logger: messages, fields and bindings', () => {
    const { logger, lines } = recordingLogger();
    const masking = maskingLogger(logger, registryOf('hunter2-hunter2'));
    masking
      .child({ url: 'http://u:hunter2-hunter2@h' })
      .error('got hunter2-hunter2', { err: new Error('hunter2-hunter2') });
    expect(lines).toHaveLength(1);
    expect(lines[0]?.message).toBe('got [hidden]');
    expect(lines[0]?.fields['url']).toBe('http://u:[hidden]@h');
    expect(lines[0]?.fields['err']).toHaveProperty('message', '[hidden]');
  });
});
