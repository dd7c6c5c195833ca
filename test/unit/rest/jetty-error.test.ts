import { describe, expect, it } from 'vitest';
import { refusedPath, withoutPathParameters } from '../../../src/rest/jetty-error.ts';

describe('refusedPath', () => {
  it.each([
    ['/connectors/%2e%2e', 'Ambiguous URI path segment'],
    ['/connectors/%2E/x', 'Ambiguous URI path segment'],
    ['/connectors/a%5cb', 'Suspicious Path Character'],
    ['/connectors//a', 'Ambiguous URI empty segment'],
    ['/connectors/;a=b/config', 'Ambiguous URI empty segment'],
    ['/;/connectors', 'Ambiguous URI empty segment'],
    ['/connectors/%c3', 'Bad Request'],
    ['/connectors/a%00', 'Bad Request'],
  ])('refuses %s: %s', (url, message) => {
    expect(refusedPath(url)?.message).toBe(message);
  });

  it.each([
    '/connectors/a.b',
    '/connectors/;a=b',
    '/;a=b',
    '/connectors/..a',
    '/connectors/%2e%2ea',
    '/connectors/%C3%A9',
    '/x?a=%zz//%2F%00',
  ])('lets %s be', (url) => {
    expect(refusedPath(url)).toBeNull();
  });
});

describe('withoutPathParameters', () => {
  it.each([
    ['/connectors;a=b/c;d?e=f;g', '/connectors/c?e=f;g'],
    ['/connectors', '/connectors'],
    ['/?x=;', '/?x=;'],
  ])('of %s are %s', (url, path) => {
    expect(withoutPathParameters(url)).toBe(path);
  });
});
