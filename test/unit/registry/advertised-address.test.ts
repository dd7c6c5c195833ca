import { describe, expect, it } from 'vitest';
import { matchAddress, resolveAddress } from '../../../src/registry/advertised-address.ts';

describe('the URL of ours that an advertised address is', () => {
  it.each<[string, string, readonly string[], string | null]>([
    ['the same', 'http://a:8081', ['http://b:8081', 'http://a:8081'], 'http://a:8081'],
    ['with the path of a proxy', 'http://a:8081', ['http://a:8081/registry'], 'http://a:8081/registry'],
    ['behind TLS', 'http://a:8081', ['https://a:8081'], 'https://a:8081'],
    ['the same scheme first', 'https://a:8081', ['http://a:8081', 'https://a:8081'], 'https://a:8081'],
    ['the port that the scheme has', 'http://a:80', ['http://a'], 'http://a'],
    ['and of https', 'https://a', ['https://a:443'], 'https://a:443'],
    ['any name of this machine', 'http://localhost:8081', ['http://127.0.0.1:8081'], 'http://127.0.0.1:8081'],
    ['IPv6 too', 'http://[::1]:8081', ['http://localhost:8081'], 'http://localhost:8081'],
    [
      'the same name of this machine first',
      'http://127.0.0.2:8081',
      ['http://127.0.0.1:8081', 'http://127.0.0.2:8081'],
      'http://127.0.0.2:8081',
    ],
    ['upper case', 'http://A:8081', ['http://a:8081'], 'http://a:8081'],
    ['another port', 'http://a:8082', ['http://a:8081'], null],
    ['another host', 'http://pod-0:8081', ['http://a:8081'], null],
    ['no address', 'nonsense', ['http://a:8081'], null],
  ])('%s', (_name, advertised, nodes, expected) => {
    expect(matchAddress(advertised, nodes)).toBe(expected);
  });

  const names: Record<string, readonly string[]> = {
    'pod-0': ['10.0.0.1'],
    a: ['10.0.0.9', '10.0.0.1'],
    b: ['10.0.0.2'],
  };
  const resolve = async (host: string) => names[host] ?? [];

  it.each<[string, string, readonly string[], string | null]>([
    ['an address that both names have', 'http://pod-0:8081', ['http://b:8081', 'http://a:8081'], 'http://a:8081'],
    ['an address as it is', 'http://10.0.0.2:8081', ['http://a:8081', 'http://b:8081'], 'http://b:8081'],
    ['a name that is not known here', 'http://pod-7:8081', ['http://a:8081'], null],
    ['another port of the same machine', 'http://pod-0:8082', ['http://a:8081'], null],
    ['other machines', 'http://pod-0:8081', ['http://b:8081'], null],
    ['no address', 'nonsense', ['http://a:8081'], null],
  ])('is looked for by address: %s', async (_name, advertised, nodes, expected) => {
    expect(await resolveAddress(advertised, nodes, resolve)).toBe(expected);
  });
});
