import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Pkcs12Error, pkcs12Certificates } from '../../../src/foundation/pkcs12-certificates.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { createTlsMaterial } from '../../support/tls.ts';

const dir = tempDir('pkcs12');
const tls = createTlsMaterial(dir);
const password = 'störe-pässword';

function reasonOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(Pkcs12Error);
    expect(String(error)).not.toContain(password);
    return (error as Pkcs12Error).reason;
  }
  return 'none';
}

function has(command: string): boolean {
  try {
    execFileSync('which', [command]);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!has('openssl'))('certificates of a PKCS12 store that openssl made', () => {
  const make = (...args: string[]): Buffer => {
    const file = join(dir, 'openssl.p12');
    execFileSync('openssl', ['pkcs12', '-export', '-out', file, '-passout', `pass:${password}`, ...args], {
      stdio: 'ignore',
    });
    return readFileSync(file);
  };

  it.each([
    ['AES and SHA-256', []],
    ['AES-128 and SHA-512', ['-certpbe', 'AES-128-CBC', '-macalg', 'SHA512']],
    ['triple DES and SHA-1', ['-certpbe', 'PBE-SHA1-3DES', '-macalg', 'SHA1']],
    ['nothing but its integrity', ['-certpbe', 'NONE']],
    ['nothing at all', ['-certpbe', 'NONE', '-nomac']],
  ])('with %s', (_name, args) => {
    const store = make('-nokeys', '-in', tls.caFile, ...args);
    const [found, ...more] = pkcs12Certificates(store, password);
    expect(more).toEqual([]);
    expect(new X509Certificate(found ?? Buffer.alloc(0)).subject).toBe('CN=Holdfast test CA');
    if (!args.includes('-nomac')) expect(reasonOf(() => pkcs12Certificates(store, 'wrong'))).toBe('password');
  });

  it('beside a private key', () => {
    const store = make('-in', tls.clientCertFile, '-inkey', tls.clientKeyFile, '-certfile', tls.caFile);
    expect(pkcs12Certificates(store, password).map((der) => new X509Certificate(der).subject)).toEqual([
      'CN=holdfast-client',
      'CN=Holdfast test CA',
    ]);
  });

  it('is refused, whatever byte of it is missing or wrong', () => {
    const store = make('-nokeys', '-in', tls.caFile);
    for (let length = 0; length < store.length; length += 37) {
      expect(reasonOf(() => pkcs12Certificates(store.subarray(0, length), password))).not.toBe('none');
    }
    for (let at = 0; at < store.length; at += 13) {
      const changed = Buffer.from(store);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      // Some bytes are names of things that nobody reads; none may bring anything but a Pkcs12Error.
      reasonOf(() => pkcs12Certificates(changed, password));
    }
  }, 60_000);
});

describe.skipIf(!has('keytool'))('certificates of a PKCS12 store that keytool made', () => {
  it('are read', () => {
    const file = join(dir, 'keytool.p12');
    writeFileSync(join(dir, 'ca.crt'), tls.ca);
    const args = ['-importcert', '-noprompt', '-alias', 'ca', '-file', join(dir, 'ca.crt'), '-keystore', file];
    execFileSync('keytool', [...args, '-storetype', 'PKCS12', '-storepass', 'changeit'], { stdio: 'ignore' });
    const found = pkcs12Certificates(readFileSync(file), 'changeit');
    expect(found.map((der) => new X509Certificate(der).subject)).toEqual(['CN=Holdfast test CA']);
    expect(reasonOf(() => pkcs12Certificates(readFileSync(file), 'wrong'))).toBe('password');
  });
});
