/** Reads key and trust stores as Node's TLS takes them, or says how to convert them. Invariant 8: no message repeats a password. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureVersion } from 'node:tls';
import { RegistryConfigError } from './registry-errors.ts';
import type { TlsSettings, TlsStore } from './registry-settings.ts';

/** A part of the options of `tls.connect`. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly pfx?: Buffer;
  readonly passphrase?: string;
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
  readonly checkServerIdentity?: () => undefined;
}

type Which = 'truststore' | 'keystore';

/** The one command that makes a store readable. */
export function howToConvert(which: Which, type: string, file: string | null): string {
  const from = file ?? `<file>`;
  const stem = from.replace(/\.[^./]+$/, '');
  const pem = `${stem}.pem`;
  const key = `schema.registry.ssl.${which}`;
  if (which === 'truststore') {
    const command =
      type === 'JKS'
        ? `keytool -list -rfc -keystore ${from} > ${pem}`
        : `openssl pkcs12 -in ${from} -nokeys -out ${pem}`;
    return `Convert it to PEM with: ${command} and set ${key}.location=${pem} and ${key}.type=PEM.`;
  }
  if (type === 'JKS') {
    const command = `keytool -importkeystore -srckeystore ${from} -destkeystore ${stem}.p12 -deststoretype PKCS12`;
    return `Convert it to PKCS12 with: ${command} and set ${key}.location=${stem}.p12 and ${key}.type=PKCS12.`;
  }
  return `Convert it to PEM with: openssl pkcs12 -legacy -in ${from} -nodes -out ${pem} and set ${key}.location=${pem} and ${key}.type=PEM.`;
}

/**
 * Throws RegistryConfigError for files that can't be read, are of a kind that Node can't read, or are not whole.
 * @param contentOf Reads a file, or throws why it can't be read.
 */
export function tlsOptionsOf(
  tls: TlsSettings | undefined,
  contentOf: (file: string) => Buffer = (file) => readFileSync(file),
): TlsOptions {
  if (tls === undefined) return {};
  const trustStore = read('truststore', tls.trustStore, contentOf);
  const keyStore = tls.certificateChain === null ? read('keystore', tls.keyStore, contentOf) : undefined;
  if (trustStore !== undefined) checkAuthorities(trustStore.toString('utf8'), tls.trustStore);
  const ca = tls.ca?.value() ?? trustStore?.toString('utf8');
  const isPkcs12 = keyStore !== undefined && formatOf(keyStore) === 'PKCS12';
  const pem = isPkcs12 ? undefined : keyStore?.toString('utf8');
  const cert = tls.certificateChain?.value() ?? pem;
  const key = tls.key?.value() ?? pem;
  const passphrase = (isPkcs12 ? (tls.keyStore.password ?? tls.keyPassword) : tls.keyPassword)?.value();
  const own: TlsOptions = {
    ...(isPkcs12 ? { pfx: keyStore } : {}),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
  check(own, tls.keyStore);
  return {
    ...own,
    ...(ca === undefined ? {} : { ca }),
    minVersion: tls.protocols.includes('TLSv1.2') ? 'TLSv1.2' : 'TLSv1.3',
    maxVersion: tls.protocols.includes('TLSv1.3') ? 'TLSv1.3' : 'TLSv1.2',
    ...(tls.verifyHostname ? {} : { checkServerIdentity: () => undefined }),
  };
}

function read(which: Which, { file, type }: TlsStore, contentOf: (file: string) => Buffer): Buffer | undefined {
  if (file === null) return undefined;
  const key = `schema.registry.ssl.${which}`;
  let content: Buffer;
  try {
    content = contentOf(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new RegistryConfigError(
      `${key}.location: the file ${file} can not be read (${code}). Check the path and its permissions.`,
    );
  }
  // Node takes an empty one for none: it would trust its own authorities, or show no certificate.
  if (content.length === 0) throw new RegistryConfigError(`${key}.location: ${file} is empty.`);
  const format = formatOf(content);
  if (format === 'JKS' || (format === 'PKCS12' && which === 'truststore')) {
    throw new RegistryConfigError(
      `${key}.location: ${file} is a ${format} store. ${howToConvert(which, format, file)}`,
    );
  }
  if (type !== null && type !== format) {
    throw new RegistryConfigError(
      `${key}.type: it is ${type}, but ${file} is ${format === 'PEM' ? 'no such store' : `a ${format} store`}. Correct the type, or leave it out.`,
    );
  }
  return content;
}

/** By the first bytes: a JKS has a magic number, a PKCS12 begins as a DER sequence, whatever else is taken for PEM. */
function formatOf(content: Buffer): 'PEM' | 'PKCS12' | 'JKS' {
  if (content.length >= 4 && content.readUInt32BE(0) === 0xfeedfeed) return 'JKS';
  return content[0] === 0x30 && ((content[1] ?? 0) & 0x80) !== 0 ? 'PKCS12' : 'PEM';
}

/** OpenSSL leaves out in silence what follows the first certificate that it can't read, and every connection would fail. */
function checkAuthorities(pem: string, { file }: TlsStore): void {
  const begun = pem.match(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g)?.length ?? 0;
  const whole = pem.match(/-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]*-----END \1-----/g) ?? [];
  if (begun > 0 && begun === whole.length && whole.every(isCertificate)) return;
  throw new RegistryConfigError(
    `schema.registry.ssl.truststore.location: ${file} ${begun === 0 ? 'has no certificate in it' : 'has a certificate in it that is not whole'}. Give a PEM file of the authorities to trust.`,
  );
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

/** OpenSSL's own words for it come at the first connection, and from there they would look like a failure of the network. */
function check(own: TlsOptions, store: TlsStore): void {
  if (own.pfx === undefined && own.key === undefined) return;
  try {
    createSecureContext(own);
  } catch (cause) {
    const where = store.file === null ? 'schema.registry.ssl.keystore.key' : `${store.file}`;
    const words = String((cause as Error).message);
    if (own.pfx !== undefined && /unsupported/i.test(words)) {
      throw new RegistryConfigError(
        `schema.registry.ssl.keystore.location: ${where} is encrypted in an old way that Node does not offer. ${howToConvert('keystore', 'PKCS12', store.file)}`,
      );
    }
    const password =
      own.pfx === undefined ? 'schema.registry.ssl.key.password' : 'schema.registry.ssl.keystore.password';
    throw new RegistryConfigError(
      `The client certificate and key of ${where} can not be used (${(cause as NodeJS.ErrnoException).code ?? 'unreadable'}). Check that they belong together, and ${password}.`,
    );
  }
}
