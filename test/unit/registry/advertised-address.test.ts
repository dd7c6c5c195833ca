import { describe, expect, it } from 'vitest';
import { matchAddress, resolveAddress, resolveByDns } from '../../../src/registry/advertised-address.ts';

describe('the URL of ours that an advertised address is', () => {
  it.each<[string, string, readonly string[], string | null]>([
    ['the same', 'http://a:8081', ['http://b:8081', 'http://a:8081'], 'http://a:8081'],
    ['with the path of a proxy', 'http://a:8081', ['http://a:8081/registry'], 'http://a:8081/registry'],
    ['behind TLS', 'http://a:8081', ['https://a:8081'], 'https://a:8081'],
    ['the same scheme first', 'https://a:8081', ['http://a:8081', 'https://a:8081'], 'https://a:8081'],
    ['the port that the scheme has', 'http://a:80', ['http://a'], 'http://a'],
    ['and of https', 'https://a', ['https://a:443'], 'https://a:443'],
    ['the port that https has', 'https://a', ['https://a:80', 'https://a:443'], 'https://a:443'],
    ['and that of http', 'http://a', ['http://a:443', 'http://a:80'], 'http://a:80'],
    ['but not that of the other', 'http://a:443', ['http://a'], null],
    ['not a name of this machine beside another one', 'http://localhost:8081', ['http://a:8081'], null],
    ['nor the other way around', 'http://a:8081', ['http://localhost:8081'], null],
    ['a name that only looks like this machine', 'http://a127.b:8081', ['http://localhost:8081'], null],
    ['a URL of ours that is none', 'http://a:8081', ['nonsense', 'http://a:8081'], 'http://a:8081'],
    ['nobody', 'http://a:8081', [], null],
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
    ['an IPv6 address', 'http://[fd00::1]:8081', ['http://a:8081', 'http://[fd00::1]:8081'], 'http://[fd00::1]:8081'],
    ['a URL of ours that is none', 'http://pod-0:8081', ['nonsense', 'http://a:8081'], 'http://a:8081'],
  ])('is looked for by address: %s', async (_name, advertised, nodes, expected) => {
    expect(await resolveAddress(advertised, nodes, resolve)).toBe(expected);
  });

  it('is looked for under no name that can not be it', async () => {
    const asked: string[] = [];
    const asking = async (host: string) => {
      asked.push(host);
      return names[host] ?? [];
    };
    await resolveAddress('http://pod-0:8082', ['http://a:8081'], asking);
    await resolveAddress('http://10.0.0.1:8081', ['http://10.0.0.2:8081'], asking);
    expect(asked).toEqual([]);
    await resolveAddress('http://pod-7:8081', ['http://a:8081'], asking);
    expect(asked).toEqual(['pod-7']);
  });

  it('is found by DNS, where a name that nobody knows has no address', async () => {
    expect(await resolveByDns('127.0.0.1')).toEqual(['127.0.0.1']);
    expect(await resolveByDns('x'.repeat(300))).toEqual([]);
  });
});
