/** The pairs were seen of Kafka Connect 4.1.1. */
import { describe, expect, it } from 'vitest';
import { refusedTarget, routedTarget } from '../../../src/rest/request-target.ts';

const refusal = (url: string, more: { hosts?: string[]; method?: string; httpVersion?: string } = {}) =>
  refusedTarget({ url, method: 'GET', hosts: ['x'], httpVersion: '1.1', ...more });

describe('refusedTarget', () => {
  it.each([
    ['/connectors/%2e%2e', 'Ambiguous URI path segment'],
    ['/connectors/%2E/x', 'Ambiguous URI path segment'],
    ['/connectors/..;/', 'Ambiguous URI path parameter'],
    ['/.;/connectors', 'Ambiguous URI path parameter'],
    ['/connectors/a%2Fb', 'Ambiguous URI path separator'],
    ['/connectors/a%25b', 'Ambiguous URI path encoding'],
    ['/connectors/a%5cb', 'Suspicious Path Character'],
    ['/connectors/a\\b', 'Suspicious Path Character'],
    ['/connectors/x%0d%0aSet-Cookie:a', 'Suspicious Path Character'],
    ['/connectors/x%7f', 'Suspicious Path Character'],
    ['/connectors/"x"', 'Illegal Path Character'],
    ['/connectors/{x}', 'Illegal Path Character'],
    ['/connectors|', 'Illegal Path Character'],
    ['/connectors//a', 'Ambiguous URI empty segment'],
    ['//connectors', 'Ambiguous URI empty segment'],
    ['/connectors/;/x', 'Ambiguous URI empty segment'],
    ['/;/', 'Ambiguous URI empty segment'],
    ['/connectors/x//', 'Ambiguous URI empty segment'],
    ['/connectors/%c3', 'Bad UTF-8 encoding'],
    ['/connectors/a%00', 'Bad Request'],
    ['/connectors/%', 'Bad Request'],
    ['/..', 'Bad Request'],
    ['/..;/x', 'Bad Request'],
    ['/%2e%2e/x', 'Bad Request'],
    ['/a/../..', 'Bad Request'],
    ['*', 'Bad URI path'],
    ['http://other/connectors', 'Authority!=Host'],
    ['HTTP://X/connectors', 'Authority!=Host'],
  ])('refuses %s: %s', (url, message) => {
    expect(refusal(url)).toMatchObject({ status: 400, message });
  });

  it.each([
    '/connectors/a.b',
    '/connectors/..a',
    '/connectors/..',
    '/connectors/./',
    '/connectors/%2e%2ea',
    '/connectors/%C3%A9',
    "/connectors/~!$&'()*+,=:@",
    '/x?a=%zz//%2F%00',
    '/connectors#f/../..',
    '/connectors;a=%2f%25%0a|/x',
    '/connectors/;',
    '/connectors/x;/;',
    '/;a=b',
    'http://x/connectors',
    'https://x',
  ])('lets %s be', (url) => {
    expect(refusal(url)).toBeNull();
  });

  it('refuses a host that is none, two hosts, and HTTP 0.9', () => {
    for (const host of ['a b', 'a/b', 'u@x', 'x:', 'x:99999', 'x:abc', 'x:80:90', '[::1', '<x>', 'ä', 'x\\y']) {
      expect(refusal('/', { hosts: [host] })?.message, host).toBe('Bad HostPort');
    }
    expect(refusal('/', { hosts: [''] })?.message).toBe('Blank Host');
    // The page names what was asked for, where that can be read.
    expect(refusal('/a?b', { hosts: ['x:'] })?.uri).toBe('/a?b');
    expect(refusal('http://other/a')?.uri).toBe('http://other/a');
    expect(refusal('//a')?.uri).toBe('/badURI');
    expect(refusal('/', { hosts: ['a', 'a'] })?.message).toBe('Duplicate Host Header');
    for (const host of ['x_y', 'x:80', '[::1]:80', 'x%41', 'x,y', '*', "a'b"]) {
      expect(refusal('/', { hosts: [host] }), host).toBeNull();
    }
    expect(refusal('/', { hosts: [], httpVersion: '1.0' })).toBeNull();
    expect(refusal('/', { hosts: [], httpVersion: '0.9' })?.status).toBe(505);
    expect(refusal('*', { method: 'OPTIONS' })).toMatchObject({ status: 404, uri: null });
  });
});

describe('routedTarget', () => {
  it.each([
    ['/connectors;a=b/c;d?e=f;g', '/connectors/c?e=f;g'],
    ['/connectors', '/connectors'],
    ['/?x=;', '/?x=;'],
    ['/connectors#a?b', '/connectors'],
    ['/connectors?a#b', '/connectors?a'],
    ['http://x:80/connectors?a', '/connectors?a'],
    ['http://x', '/'],
  ])('of %s is %s', (url, path) => {
    expect(routedTarget(url)).toBe(path);
  });
});
