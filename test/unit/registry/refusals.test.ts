import { expect, it } from 'vitest';
import type { CallResult } from '../../../src/registry/node-exchange.ts';
import { refusalOf, unavailable } from '../../../src/registry/refusals.ts';
import { RegistryConfigError, SchemaRejectedError } from '../../../src/registry/registry-errors.ts';
import { ConfigError, DataError, EnvironmentError } from '../../../src/sdk/errors/index.ts';
import type { SchemaQuestion } from '../../../src/sdk/schema-view.ts';
import { latest, lookup } from './worker-of-registries.ts';

const result = (change: Partial<CallResult>): CallResult => ({
  verdict: { class: 'data', recheck: false },
  node: 'http://a:8081',
  status: 422,
  errorCode: undefined,
  json: undefined,
  reason: 'http://a:8081 says no',
  ...change,
});

const words = (failed: unknown): unknown[] => {
  const error = refusalOf(failed);
  const kind = [ConfigError, DataError, EnvironmentError].find((each) => error instanceof each);
  return [kind?.name, error.code];
};

it('is the error itself where there is one', () => {
  const error = new SchemaRejectedError('no');
  expect(refusalOf(error)).toBe(error);
  const issuer = new RegistryConfigError('the token endpoint refuses us');
  expect(refusalOf(result({ issuer, verdict: { class: 'config' } }))).toBe(issuer);
});

it.each([401, 403])('blames the credentials for %i', (status) => {
  for (const verdict of [{ class: 'config' }, { class: 'refresh-credentials' }] as const) {
    expect(words(result({ verdict, status }))).toEqual(['ConfigError', 'holdfast.registry.authorization']);
  }
  expect(refusalOf(result({ verdict: { class: 'config' }, status })).message).toContain(
    'credentials: http://a:8081 says no. Check basic.auth.*',
  );
});

it.each([404, undefined])('blames the address for what is no registry (%s)', (status) => {
  const failed = result({ verdict: { class: 'config' }, status, issuer: 'away' });
  expect(words(failed)).toEqual(['ConfigError', 'holdfast.registry.url']);
  expect(refusalOf(failed).message).toContain('schema.registry.url: http://a:8081 says no. Check scheme');
});

it.each(['negative', 'refresh-and-retry'] as const)('blames the record for what the registry lacks (%s)', (kind) => {
  const failed = result({ verdict: { class: kind }, status: 404 });
  expect(words(failed)).toEqual(['DataError', 'holdfast.registry.subject.unknown']);
  expect(refusalOf(failed).message).toContain('http://a:8081 says no. Register it');
});

it.each<[string, SchemaQuestion, string]>([
  ['a latest version', latest('s'), 'Register a schema under subject s first.'],
  ['a version that is referred to', { kind: 'version', key: 'v', subject: 's', version: 3 }, 'Register it.'],
  [
    'a version by its metadata',
    { kind: 'with-metadata', key: 'm', subject: 's', metadata: { a: 'b' } },
    'Register a version of subject s with the metadata of use.latest.with.metadata.',
  ],
  ['a schema', lookup('s'), 'Register it, or set auto.register.schemas=true.'],
])('says what helps when the registry lacks %s', (_what, question, hint) => {
  const failed = result({ verdict: { class: 'negative' }, status: 404, reason: "Subject 's' not found." });
  const { message } = refusalOf(failed, question);
  expect(message).toBe(`The schema registry has no such subject, version or schema: Subject 's' not found. ${hint}`);
});

it('ends what the registry says with one full stop', () => {
  const failed = result({ reason: 'http://a:8081 says no.' });
  expect(refusalOf(failed).message).toMatch(/says no\.$/);
  expect(refusalOf(failed).message).not.toContain('..');
  expect(unavailable('g', 'reads', 'not found.').message).toBe('Waiting for reads: not found.');
});

it('blames the record for a schema that is rejected, and tells incompatible from invalid', () => {
  expect(words(result({ status: 409 }))).toEqual(['DataError', 'holdfast.registry.schema.incompatible']);
  expect(words(result({ status: 422 }))).toEqual(['DataError', 'holdfast.registry.schema.invalid']);
  expect(words(result({ status: 401 }))).toEqual(['DataError', 'holdfast.registry.schema.invalid']);
  expect(refusalOf(result({})).message).toContain('rejects the schema: http://a:8081 says no.');
});

it.each([
  new Error('over'),
  new TypeError('a mistake'),
  'over',
  null,
  undefined,
  42,
  {},
  { verdict: { class: 'data', recheck: false } },
  { reason: 'no' },
])('never blames the record for what was broken off: %s', (failed) => {
  expect(words(failed)).toEqual(['EnvironmentError', 'holdfast.registry.unavailable']);
  expect(refusalOf(failed).cause).toBe(failed);
});

it('says what is waited for, at which gate, and why if somebody knows', () => {
  const plain = unavailable('registry:x:read', 'reads', '');
  expect(plain).toMatchObject({
    message: 'Waiting for reads.',
    gateId: 'registry:x:read',
    code: 'holdfast.registry.unavailable',
  });
  const full = unavailable('registry:x:read', 'reads', 'refused', 'holdfast.registry.pending');
  expect(full).toMatchObject({ message: 'Waiting for reads: refused.', code: 'holdfast.registry.pending' });
});
