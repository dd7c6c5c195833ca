import { describe, expect, it } from 'vitest';
import { TransportFailure } from '../../../../src/registry/http-transport.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';

const { signal } = new AbortController();

describe('asking a node', () => {
  it.each([
    [503, ''],
    [500, '{"error_code":50003,"message":"no leader"}'],
    [429, ''],
  ])('waits until %i has passed', async (status, body) => {
    const served = new RegistryInMemory();
    let failures = 2;
    served.interfere = () => (failures-- > 0 ? { status, body } : undefined);
    expect(await served.node().read('/subjects', signal)).toEqual([]);
    expect(served.requests).toHaveLength(3);
  });

  it('gives up with the reason, which a run of the same command mends', async () => {
    const served = new RegistryInMemory();
    served.interfere = () => {
      throw new TransportFailure('ECONNREFUSED', 'connect', '');
    };
    await expect(served.node().read('/subjects', signal)).rejects.toMatchObject({
      code: 'holdfast.recovery.rest-unavailable',
      message: expect.stringContaining('ECONNREFUSED at http://one:8081'),
    });
  });

  it.each([401, 403])('does not wait for credentials to become right, and shows none of them (%i)', async (status) => {
    const served = new RegistryInMemory();
    served.interfere = () => ({ status, body: '{"error_code":40101,"message":"no entry for tom with pa55word"}' });
    const node = served.node({ 'basic.auth.credentials.source': 'USER_INFO', 'basic.auth.user.info': 'tom:pa55word' });
    const error = await node.read('/subjects', signal).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'holdfast.recovery.rest-refused' });
    expect(String((error as Error).stack)).not.toContain('pa55word');
    const authorization = `Basic ${Buffer.from('tom:pa55word').toString('base64')}`;
    expect(served.requests.map(({ headers }) => headers['authorization'])).toEqual([authorization, authorization]);
  });

  it('ends at once when the signal is aborted', async () => {
    const served = new RegistryInMemory();
    served.interfere = () => ({ status: 503, body: '' });
    const end = new AbortController();
    const asking = served.node().read('/subjects', end.signal);
    end.abort(new Error('stopped'));
    await expect(asking).rejects.toThrow('stopped');
  });

  it.each([
    ['http://one:8081/apis/ccompat/v7', 'http://one:8081'],
    ['http://one:8081/behind/a%20proxy/apis/ccompat/v7', 'http://one:8081/behind/a%20proxy'],
    ['http://one:8081/behind/apis/ccompat', 'http://one:8081/behind'],
  ])('finds the API of Apicurio beside %s', (url, origin) => {
    expect(new RegistryInMemory().node({}, url).origin().node).toBe(origin);
  });

  it('names every setting that is wrong, and no password', () => {
    expect(() =>
      new RegistryInMemory().node({ 'proxy.port': '80', 'basic.auth.user.info': 'tom' }, 'ftp://tom:pa55word@host'),
    ).toThrow(/^(?!.*pa55word).*schema\.registry\.url/s);
  });
});
