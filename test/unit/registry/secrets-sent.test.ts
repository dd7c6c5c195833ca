import { describe, expect, it } from 'vitest';
import { secretsOf, struckOut, userInfoSecrets } from '../../../src/registry/secrets-sent.ts';
import { byId, NODE_A, Task, WorkerOfRegistries } from './worker-of-registries.ts';

const basic = (userInfo: string): string => `Basic ${Buffer.from(userInfo).toString('base64')}`;

describe('invariant 8: credentials that a registry or a gateway repeats', () => {
  it.each([
    [{ 'bearer.auth.credentials.source': 'STATIC_TOKEN', 'bearer.auth.token': 'tok-s3cret' }],
    [{ 'basic.auth.credentials.source': 'USER_INFO', 'basic.auth.user.info': 'ann:s3cret' }],
    [{ 'schema.registry.url': `http://ann:s3cret@${NODE_A.slice(7)}` }],
    [{ 'request.header.x-api-key': 'key-s3cret' }],
    [{ 'proxy.host': 'proxy', 'proxy.port': '3128', 'proxy.user.info': 'ann:s3cret' }],
  ])('are shown nowhere: %s', async (settings: Record<string, string>) => {
    const worker = new WorkerOfRegistries();
    const isProxy = settings['proxy.host'] !== undefined;
    worker.registry.fault = ({ headers }) => {
      // What a proxy is sent, the transport adds.
      const sent = isProxy ? basic('ann:s3cret') : (headers['authorization'] ?? headers['x-api-key'] ?? '');
      const decoded = Buffer.from(sent.slice(6), 'base64').toString();
      return { status: 500, body: { error_code: 500, message: `denied for ${sent} ${decoded} by the gateway` } };
    };
    new Task(worker, worker.host(), settings).begin(byId(1));
    await worker.clock.advance(2000);
    const { log, events, gates, coordinator } = worker;
    const shown = JSON.stringify([log.lines, events, gates.snapshots(), coordinator.snapshots()]);
    expect(shown).toMatch(/denied for .*\[hidden\].* by the gateway/);
    expect(shown).not.toContain('s3cret');
    expect(shown).not.toContain(basic('ann:s3cret').slice(6));
  });
});

describe('struckOut', () => {
  it('strikes out every form of a secret, whole or in parts', () => {
    const secrets = secretsOf({ Authorization: basic('anna:p/q'), 'x-a': 'v' });
    const text = `${basic('anna:p/q')} ${basic('anna:p/q').slice(6)} anna:p/q p/q p%2Fq user anna v`;
    expect(struckOut(text, secrets)).toBe('[hidden] [hidden] [hidden] [hidden] [hidden] user [hidden] v');
  });

  it('leaves a text without secrets as it is, and strikes out no short name', () => {
    expect(struckOut('no such subject', userInfoSecrets('su:'))).toBe('no such subject');
    expect(struckOut('no such subject', [])).toBe('no such subject');
    expect(struckOut('token abc', secretsOf({ authorization: 'Bearer abc' }))).toBe('token [hidden]');
  });

  it('takes a short value of a header for no secret, but a short password or token for one', () => {
    expect(secretsOf({ 'x-a': 'abc', 'x-b': 'abcd' })).toEqual(['abcd']);
    expect(secretsOf({ authorization: 'Bearer x' })).toContain('x');
    const secrets = userInfoSecrets('ann:p');
    expect(secrets).toContain('p');
    expect(secrets).not.toContain('ann');
    expect(userInfoSecrets('anna:p')).toContain('anna');
  });

  it('knows the parts of what a proxy is told, whatever the case, and of Basic only what is in its token', () => {
    const [whole, token, ...parts] = secretsOf({ 'PROXY-Authorization': basic('anna:p:q').replace('Basic', 'bAsIc') });
    expect([whole, token]).toEqual([basic('anna:p:q').replace('Basic', 'bAsIc'), basic('anna:p:q').slice(6)]);
    expect(parts).toEqual(expect.arrayContaining(['anna:p:q', 'p:q', 'anna']));
    expect(secretsOf({ authorization: 'Bearer token' })).toEqual(['Bearer token', 'token']);
    // In another header it is a value like any other, and so is one word.
    expect(secretsOf({ 'x-authorization': 'Bearer token' })).toEqual(['Bearer token']);
    expect(secretsOf({ 'authorization-x': 'Bearer token' })).toEqual(['Bearer token']);
    expect(secretsOf({ 'x-proxy-authorization': 'Bearer token' })).toEqual(['Bearer token']);
    expect(secretsOf({ 'proxy-authorization-x': 'Bearer token' })).toEqual(['Bearer token']);
    expect(secretsOf({ authorization: 'one-word' })).toEqual(['one-word']);
    expect(secretsOf({ authorization: 'Digest   a b' })).toEqual(['Digest   a b', 'a b']);
    expect(secretsOf({ authorization: `NotBasic ${basic('anna:word').slice(6)}` })).not.toContain('word');
    expect(secretsOf({ authorization: `Basically ${basic('anna:word').slice(6)}` })).not.toContain('word');
  });

  it('takes what has no colon for the name of a user without a password', () => {
    expect(new Set(userInfoSecrets('annabel'))).toEqual(new Set(['annabel', btoa('annabel'), '']));
    expect(struckOut('anna', userInfoSecrets('annabel'))).toBe('anna');
    expect(userInfoSecrets(':pw')).toContain('pw');
    expect(userInfoSecrets(':pw')).not.toContain('p');
    // An empty password is in every text.
    expect(struckOut('a text', userInfoSecrets('anna'))).toBe('a text');
  });

  it('leaves no rest of a longer secret that contains a shorter one', () => {
    expect(struckOut('abcdef abcd', ['abcd', 'abcdef'])).toBe('[hidden] [hidden]');
    expect(struckOut('abcdef abcd', ['abcdef', 'abcd'])).toBe('[hidden] [hidden]');
  });

  it('strikes a secret out wherever it stands, and has nothing to do with an empty text', () => {
    expect(struckOut('a/b a%2Fb a/b', ['a/b'])).toBe('[hidden] [hidden] [hidden]');
    expect(struckOut('', ['abcd'])).toBe('');
  });
});
