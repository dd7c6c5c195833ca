import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { RegistryConfigError } from '../../../src/registry/registry-errors.ts';
import { parseRegistrySettings } from '../../../src/registry/registry-settings.ts';
import { howToConvert, type TlsOptions, tlsOptionsOf } from '../../../src/registry/tls-stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** One self-signed certificate and its key, as PEM and, with the password, as PKCS12; the old one is encrypted with RC2. */
const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/tls/${name}`, import.meta.url));
const [PEM, P12, OLD_P12] = ['client.pem', 'client.p12', 'old-client.p12'].map(fixture) as [string, string, string];
const PASSWORD = 'st0re-pw';
const whole = readFileSync(PEM, 'utf8');
const [certificate = '', key = ''] = whole.trim().split(/\n(?=-----BEGIN PRIVATE KEY)/);
const SSL = 'schema.registry.ssl.';

const settingsOf = (config: Record<string, string>) =>
  parseRegistrySettings({
    'schema.registry.url': 'https://a',
    ...Object.fromEntries(Object.entries(config).map(([name, value]) => [SSL + name, value])),
  }).tls;
const optionsOf = (config: Record<string, string>): TlsOptions => tlsOptionsOf(settingsOf(config));
const problemOf = (config: Record<string, string>): string => {
  try {
    optionsOf(config);
    return '';
  } catch (error) {
    if (!(error instanceof RegistryConfigError)) throw error;
    return error.message;
  }
};
const fileOf = (content: string | Buffer): string => {
  const file = join(tempDir('tls'), 'store.any');
  writeFileSync(file, content);
  return file;
};
const otherKey = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('the TLS options of a registry', () => {
  it('are none without settings, and the two versions of today by default', () => {
    expect(tlsOptionsOf(undefined)).toEqual({});
    expect(optionsOf({})).toEqual({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' });
  });

  it.each([
    ['TLSv1.2', 'TLSv1.2', 'TLSv1.2'],
    ['TLSv1.3', 'TLSv1.3', 'TLSv1.3'],
    ['TLSv1.3,TLSv1.2', 'TLSv1.2', 'TLSv1.3'],
  ])('speak what is enabled: %s', (protocols, minVersion, maxVersion) => {
    expect(optionsOf({ 'enabled.protocols': protocols })).toEqual({ minVersion, maxVersion });
  });

  it('check the name of the node unless the algorithm is empty', () => {
    expect(optionsOf({ 'endpoint.identification.algorithm': 'https' }).checkServerIdentity).toBeUndefined();
    expect(optionsOf({ 'endpoint.identification.algorithm': '' }).checkServerIdentity?.()).toBeUndefined();
    expect(optionsOf({ 'endpoint.identification.algorithm': '' }).checkServerIdentity).toBeTypeOf('function');
  });

  it('trust the authority of the file, or that of the text before it', () => {
    expect(optionsOf({ 'truststore.location': PEM }).ca).toBe(whole);
    expect(optionsOf({ 'truststore.location': PEM, 'truststore.certificates': certificate }).ca).toBe(certificate);
  });

  it('trust every authority of a file, whatever stands between them', () => {
    const oldName = certificate.replaceAll(' CERTIFICATE', ' X509 CERTIFICATE');
    const text = `Owner: CN=a-b\n${certificate}\nOwner: CN=c\r\n${oldName.replaceAll('\n', '\r\n')}`;
    expect(optionsOf({ 'truststore.location': fileOf(text) }).ca).toBe(text);
  });

  it('show the certificate and the key of a PEM file', () => {
    const options = optionsOf({ 'keystore.location': PEM });
    expect(options).toMatchObject({ cert: whole, key: whole });
    expect(Object.keys(options).sort()).toEqual(['cert', 'key', 'maxVersion', 'minVersion']);
  });

  it('show the texts before the file, whose content then does not matter', () => {
    const options = optionsOf({
      'keystore.location': '/none.p12',
      'keystore.certificate.chain': certificate,
      'keystore.key': key,
    });
    expect(options).toMatchObject({ cert: certificate, key });
    expect(options.pfx).toBeUndefined();
  });

  it('show a PKCS12 as it is, opened by its password or else by that of the key', () => {
    const options = optionsOf({ 'keystore.location': P12, 'keystore.password': PASSWORD, 'key.password': 'other' });
    expect(options).toMatchObject({ pfx: readFileSync(P12), passphrase: PASSWORD });
    expect([options.cert, options.key]).toEqual([undefined, undefined]);
    expect(optionsOf({ 'keystore.location': P12, 'key.password': PASSWORD }).passphrase).toBe(PASSWORD);
  });

  it('open an encrypted key of a PEM file by the password of the key, not by that of a store', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const cipher = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'k3y-pw' } as const;
    const file = fileOf(privateKey.export(cipher).toString());
    const given = { 'keystore.key': readFileSync(file, 'utf8'), 'keystore.password': PASSWORD };
    const options = optionsOf({ ...given, 'key.password': 'k3y-pw' });
    expect(options.passphrase).toBe('k3y-pw');
    expect(() => createSecureContext(options)).not.toThrow();
    expect(problemOf({ ...given, 'key.password': 'wr0ng' })).toMatch(
      /^The client certificate and key of schema\.registry\.ssl\.keystore\.key can not be used \(\w+\)\. Check that they belong together, and schema\.registry\.ssl\.key\.password\.$/,
    );
  });
});

describe('a store that is of no use', () => {
  it('is told when it can not be read, with the reason', () => {
    const folder = tempDir('tls');
    expect(problemOf({ 'truststore.location': join(folder, 'none') })).toBe(
      `schema.registry.ssl.truststore.location: the file ${folder}/none can not be read (ENOENT). Check the path and its permissions.`,
    );
    mkdirSync(join(folder, 'dir'));
    expect(problemOf({ 'keystore.location': join(folder, 'dir') })).toContain(
      `keystore.location: the file ${folder}/dir can not be read (EISDIR)`,
    );
  });

  it.each(['truststore', 'keystore'] as const)('is a JKS, told by its first bytes: %s', (which) => {
    const file = fileOf(Buffer.from('feedfeed00000002', 'hex'));
    expect(problemOf({ [`${which}.location`]: file })).toBe(
      `schema.registry.ssl.${which}.location: ${file} is a JKS store. ${howToConvert(which, 'JKS', file)}`,
    );
  });

  it('is a PKCS12 of authorities', () => {
    expect(problemOf({ 'truststore.location': P12, 'truststore.password': PASSWORD })).toBe(
      `schema.registry.ssl.truststore.location: ${P12} is a PKCS12 store. ${howToConvert('truststore', 'PKCS12', P12)}`,
    );
  });

  it.each([
    ['\u0030', 'one byte of a DER sequence'],
    ['0 is no DER sequence', 'a text with the first byte of one'],
    ['\ufeed', 'fewer bytes than a magic number'],
    [key, 'no certificate'],
  ])('is taken for PEM when it looks like nothing else, and has no authority in it: %j, %s', (content) => {
    const file = fileOf(content);
    expect(problemOf({ 'truststore.location': file })).toBe(
      `schema.registry.ssl.truststore.location: ${file} has no certificate in it. Give a PEM file of the authorities to trust.`,
    );
  });

  it.each(['truststore', 'keystore'])('is empty, in whose place Node would take what was not set: %s', (which) => {
    const file = fileOf('');
    expect(problemOf({ [`${which}.location`]: file })).toBe(`schema.registry.ssl.${which}.location: ${file} is empty.`);
  });

  it.each([
    ['its end is missing', certificate.slice(0, 200)],
    ['the end of a second one is missing', `${certificate}\n${certificate.slice(0, 200)}`],
    ['a second one is not whole', `${certificate}\n${certificate.slice(0, 200)}\n-----END CERTIFICATE-----`],
  ])('has an authority in it that is not whole: %s', (_, content) => {
    const file = fileOf(content);
    expect(problemOf({ 'truststore.location': file })).toBe(
      `schema.registry.ssl.truststore.location: ${file} has a certificate in it that is not whole. Give a PEM file of the authorities to trust.`,
    );
  });

  it.each([
    ['the key is missing', certificate],
    ['the key is cut off', whole.slice(0, -60)],
    ['a second certificate is cut off', `${key}\n${certificate}\n${certificate.slice(0, 200)}`],
  ])('shows a certificate that is not whole: %s', (_, content) => {
    expect(problemOf({ 'keystore.location': fileOf(content) })).toContain('can not be used (');
  });

  it('is of another kind than the settings say', () => {
    expect(problemOf({ 'keystore.location': PEM, 'keystore.type': 'PKCS12' })).toBe(
      `schema.registry.ssl.keystore.type: it is PKCS12, but ${PEM} is no such store. Correct the type, or leave it out.`,
    );
    expect(problemOf({ 'keystore.location': P12, 'keystore.type': 'PEM', 'keystore.password': PASSWORD })).toBe(
      `schema.registry.ssl.keystore.type: it is PEM, but ${P12} is a PKCS12 store. Correct the type, or leave it out.`,
    );
    expect(problemOf({ 'keystore.location': PEM, 'keystore.type': 'PEM' })).toBe('');
    expect(problemOf({ 'keystore.location': P12, 'keystore.type': 'PKCS12', 'keystore.password': PASSWORD })).toBe('');
  });

  it('is one with another password, which is not repeated', () => {
    expect(problemOf({ 'keystore.location': P12, 'keystore.password': 'wr0ng-pw' })).toBe(
      `The client certificate and key of ${P12} can not be used (unreadable). Check that they belong together, and schema.registry.ssl.keystore.password.`,
    );
  });

  it('is one that was encrypted in an old way, which has a command that mends it', () => {
    expect(problemOf({ 'keystore.location': OLD_P12, 'keystore.password': PASSWORD })).toBe(
      `schema.registry.ssl.keystore.location: ${OLD_P12} is encrypted in an old way that Node does not offer. ${howToConvert('keystore', 'PKCS12', OLD_P12)}`,
    );
  });

  it('is a key that does not belong to the certificate', () => {
    const file = fileOf(`${certificate}\n${otherKey()}`);
    expect(problemOf({ 'keystore.location': file })).toMatch(
      /store\.any can not be used \(ERR_\w+\)\. Check that they belong together, and schema\.registry\.ssl\.key\.password\.$/,
    );
  });
});

describe('how to convert a store', () => {
  it.each([
    [
      'truststore',
      'JKS',
      '/x.d/trust.jks',
      'PEM with: keytool -list -rfc -keystore /x.d/trust.jks > /x.d/trust.pem and set schema.registry.ssl.truststore.location=/x.d/trust.pem and schema.registry.ssl.truststore.type=PEM.',
    ],
    [
      'truststore',
      'PKCS12',
      '/x/trust',
      'PEM with: openssl pkcs12 -in /x/trust -nokeys -out /x/trust.pem and set schema.registry.ssl.truststore.location=/x/trust.pem and schema.registry.ssl.truststore.type=PEM.',
    ],
    [
      'keystore',
      'JKS',
      'a.b.jks',
      'PKCS12 with: keytool -importkeystore -srckeystore a.b.jks -destkeystore a.b.p12 -deststoretype PKCS12 and set schema.registry.ssl.keystore.location=a.b.p12 and schema.registry.ssl.keystore.type=PKCS12.',
    ],
    [
      'keystore',
      'PKCS12',
      '/v1.2/key',
      'PEM with: openssl pkcs12 -legacy -in /v1.2/key -nodes -out /v1.2/key.pem and set schema.registry.ssl.keystore.location=/v1.2/key.pem and schema.registry.ssl.keystore.type=PEM.',
    ],
    [
      'truststore',
      'PKCS12',
      null,
      'PEM with: openssl pkcs12 -in <file> -nokeys -out <file>.pem and set schema.registry.ssl.truststore.location=<file>.pem and schema.registry.ssl.truststore.type=PEM.',
    ],
  ] as const)('is one command: %s, %s, %s', (which, type, file, words) => {
    expect(howToConvert(which, type, file)).toBe(`Convert it to ${words}`);
  });
});
