import { readFileSync } from 'node:fs';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { Pkcs12Error, pkcs12Certificates } from '../../foundation/pkcs12-certificates.ts';

/** Reports a mistake in one setting. */
export type ReportProblem = (key: string, message: string) => void;

/** Settings by Kafka's names, and how to tell of them. */
interface Given {
  readonly setting: (key: string) => string | undefined;
  readonly report: ReportProblem;
  /** The name that a setting has where it is written, as texts have it. */
  readonly written: (key: string) => string;
}

/**
 * The TLS options of Node for Kafka's `ssl.` settings: PEM given inline or as files, and PKCS12 files. Mistakes are reported by the
 * key at fault; values never show.
 * @param written the name that a setting has where it is written, with its prefix; the texts of mistakes name others by it
 */
export function tlsOptions(
  setting: (key: string) => string | undefined,
  report: ReportProblem,
  written: (key: string) => string = (key) => key,
): ConnectionOptions {
  const options: ConnectionOptions = {};
  const given = { setting, report, written };
  addKeyStore(options, given);
  addTrustStore(options, given);
  addProtocols(options, setting, report);

  const identification = setting('ssl.endpoint.identification.algorithm') ?? 'https';
  if (identification === '') options.checkServerIdentity = () => undefined;
  else if (identification.toLowerCase() !== 'https') {
    report('ssl.endpoint.identification.algorithm', "must be 'https', or empty to turn the check of the host name off");
  }
  for (const key of ['ssl.engine.factory.class', 'ssl.provider']) {
    if (setting(key)) report(key, 'names a Java class or provider, which does not exist here; leave it out');
  }
  return options;
}

function addKeyStore(options: ConnectionOptions, given: Given): void {
  const { setting, report, written } = given;
  const keyPassword = setting('ssl.key.password');
  const key = setting('ssl.keystore.key');
  const chain = setting('ssl.keystore.certificate.chain');
  const location = setting('ssl.keystore.location');
  if (key !== undefined || chain !== undefined) {
    if (key === undefined)
      report('ssl.keystore.key', `is missing, while ${written('ssl.keystore.certificate.chain')} is set`);
    else if (chain === undefined)
      report('ssl.keystore.certificate.chain', `is missing, while ${written('ssl.keystore.key')} is set`);
    else if (location !== undefined)
      report('ssl.keystore.location', `can not be combined with ${written('ssl.keystore.key')}`);
    else {
      const pem = {
        key: pemBlocks(key, 'PRIVATE KEY')[0] ?? key,
        cert: pemBlocks(chain, 'CERTIFICATE').join('\n') || chain,
      };
      Object.assign(options, pem, keyPassword === undefined ? {} : { passphrase: keyPassword });
      checkOwn(options, 'ssl.keystore.key', given);
    }
    return;
  }
  if (location === undefined) return;
  const store = readStore('ssl.keystore', location, given);
  if (store === null) return;
  const storePassword = setting('ssl.keystore.password');
  if (store.type === 'PKCS12') {
    Object.assign(options, { pfx: store.bytes }, storePassword === undefined ? {} : { passphrase: storePassword });
    checkOwn(options, 'ssl.keystore.location', given);
    return;
  }
  const pem = store.bytes.toString('latin1');
  const [privateKey] = pemBlocks(pem, 'PRIVATE KEY');
  const certificates = pemBlocks(pem, 'CERTIFICATE');
  if (privateKey === undefined || certificates.length === 0) {
    report(
      'ssl.keystore.location',
      'names a PEM file that must hold a private key and its certificate chain, and does not',
    );
    return;
  }
  const passphrase = keyPassword ?? storePassword;
  Object.assign(
    options,
    { key: privateKey, cert: certificates.join('\n') },
    passphrase === undefined ? {} : { passphrase },
  );
  checkOwn(options, 'ssl.keystore.location', given);
}

function addTrustStore(options: ConnectionOptions, given: Given): void {
  const { setting, report, written } = given;
  const inline = setting('ssl.truststore.certificates');
  const location = setting('ssl.truststore.location');
  if (inline !== undefined) {
    if (location !== undefined)
      report('ssl.truststore.location', `can not be combined with ${written('ssl.truststore.certificates')}`);
    else addAuthorities(options, inline, 'ssl.truststore.certificates', report);
    return;
  }
  if (location === undefined) return;
  const store = readStore('ssl.truststore', location, given);
  if (store === null) return;
  if (store.type === 'PKCS12') {
    addPkcs12Authorities(options, store.bytes, location, given);
    return;
  }
  addAuthorities(options, store.bytes.toString('latin1'), 'ssl.truststore.location', report);
}

function addPkcs12Authorities(
  options: ConnectionOptions,
  bytes: Buffer,
  location: string,
  { setting, report, written }: Given,
): void {
  let certificates: Buffer[];
  try {
    certificates = pkcs12Certificates(bytes, setting('ssl.truststore.password') ?? '');
  } catch (error) {
    if (!(error instanceof Pkcs12Error)) throw error;
    if (error.reason === 'password') report('ssl.truststore.password', `is not the password of ${location}`);
    else {
      const convert =
        error.reason === 'unsupported'
          ? `. Convert it: openssl pkcs12 -legacy -in ${location} -nokeys -out truststore.pem, and ${toSet(written, 'ssl.truststore', 'truststore.pem', 'PEM')}`
          : '';
      report('ssl.truststore.location', `names a store that can't be read: ${error.message}${convert}`);
    }
    return;
  }
  if (certificates.length === 0) report('ssl.truststore.location', 'names a PKCS12 store without a certificate in it');
  else options.ca = certificates.map(pemOf);
}

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** OpenSSL says what is wrong with them at the first connection, where it would look like a failure of the network. */
function checkOwn(options: ConnectionOptions, where: string, { report, written }: Given): void {
  const { key, cert, pfx, passphrase } = options;
  if (key === undefined && pfx === undefined) return;
  try {
    createSecureContext({ key, cert, pfx, passphrase });
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (pfx !== undefined && /unsupported/i.test(message)) {
      report(
        where,
        'names a PKCS12 store that is encrypted in an old way, which Node does not read. Convert it: openssl pkcs12 -legacy -in <keystore.p12> ' +
          `-nodes -out keystore.pem, and ${toSet(written, 'ssl.keystore', 'keystore.pem', 'PEM')}`,
      );
      return;
    }
    if (pfx !== undefined && /mac verify failure/i.test(message)) {
      report('ssl.keystore.password', "is not the password of the key store, or it isn't whole");
      return;
    }
    const password = pfx === undefined ? 'ssl.key.password' : 'ssl.keystore.password';
    report(
      where,
      `can't be used${code === '' ? '' : ` (${code})`}: check that key and certificate belong together, and ${written(password)}`,
    );
  }
}

function addAuthorities(options: ConnectionOptions, pem: string, key: string, report: ReportProblem): void {
  const certificates = pemBlocks(pem, 'CERTIFICATE');
  if (certificates.length === 0) report(key, 'holds no PEM certificate (-----BEGIN CERTIFICATE-----)');
  else options.ca = certificates;
}

const versions = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
type TlsVersion = (typeof versions)[number];

function addProtocols(
  options: ConnectionOptions,
  setting: (key: string) => string | undefined,
  report: ReportProblem,
): void {
  const protocol = setting('ssl.protocol')?.trim();
  if (protocol && !/^TLS(v1(\.[123])?)?$/.test(protocol)) report('ssl.protocol', 'must be TLSv1.3 or TLSv1.2');
  // Java's context of 1.2 speaks no 1.3.
  const usual = protocol === 'TLSv1.2' ? 'TLSv1.2' : 'TLSv1.2,TLSv1.3';
  const enabled = list(setting('ssl.enabled.protocols') ?? usual);
  const known = enabled.filter((name): name is TlsVersion => (versions as readonly string[]).includes(name));
  if (known.length === 0 || known.length < enabled.length) {
    report('ssl.enabled.protocols', `must be a list of ${versions.join(', ')}`);
  } else {
    const indexes = known.map((name) => versions.indexOf(name));
    options.minVersion = versions[Math.min(...indexes)] ?? 'TLSv1.2';
    options.maxVersion = versions[Math.max(...indexes)] ?? 'TLSv1.3';
  }
  const suites = list(setting('ssl.cipher.suites') ?? '');
  // OpenSSL takes the IANA names that Java uses for TLS 1.3, and most of those for 1.2 by their OpenSSL names.
  if (suites.length > 0) options.ciphers = suites.map(openSslCipher).join(':');
}

function openSslCipher(name: string): string {
  if (!name.startsWith('TLS_') || !name.includes('_WITH_')) return name;
  return name
    .replace(/^TLS_/, '')
    .replace('_WITH_', '-')
    .replaceAll('_', '-')
    .replace(/AES-(\d+)/, 'AES$1')
    .replace('CHACHA20-POLY1305-SHA256', 'CHACHA20-POLY1305')
    .replace(/^RSA-/, '')
    .replace(/-CBC-/, '-');
}

function readStore(
  prefix: 'ssl.keystore' | 'ssl.truststore',
  location: string,
  { setting, report, written }: Given,
): { type: 'PEM' | 'PKCS12'; bytes: Buffer } | null {
  const declared = setting(`${prefix}.type`)?.toUpperCase();
  let bytes: Buffer;
  try {
    bytes = readFileSync(location);
  } catch (error) {
    report(`${prefix}.location`, `names a file that can't be read (${error instanceof Error ? error.message : error})`);
    return null;
  }
  const type = declared ?? guessType(bytes);
  if (type === 'PEM' || type === 'PKCS12') return { type, bytes };
  const file = prefix === 'ssl.keystore' ? 'keystore' : 'truststore';
  report(
    `${prefix}.type`,
    type === 'JKS'
      ? `JKS is a format of Java's own, which is not read here. Convert it: keytool -importkeystore -srckeystore ${location} -destkeystore ` +
          `${file}.p12 -deststoretype PKCS12, and ${toSet(written, prefix, `${file}.p12`, 'PKCS12')}`
      : `must be PEM or PKCS12, not ${type}`,
  );
  return null;
}

/** What makes a client read a store that was converted. */
function toSet(
  written: Given['written'],
  store: 'ssl.keystore' | 'ssl.truststore',
  file: string,
  type: 'PEM' | 'PKCS12',
): string {
  const location = written(`${store}.location`);
  // The type may not be set yet, and belongs beside the location.
  return `set ${location}=${file} and ${location.slice(0, -'location'.length)}type=${type}`;
}

/** Kafka's default is JKS; a file that plainly is something else is taken for what it is. */
function guessType(bytes: Buffer): string {
  if (bytes.includes('-----BEGIN ')) return 'PEM';
  if (bytes.length >= 4 && bytes.readUInt32BE(0) === 0xfeedfeed) return 'JKS';
  return bytes[0] === 0x30 ? 'PKCS12' : 'JKS';
}

/** The blocks of a PEM text whose label ends in `label`; texts that were put on one line with spaces are set right. */
function pemBlocks(text: string, label: string): string[] {
  const blocks = text.matchAll(
    new RegExp(`-----BEGIN ((?:[A-Z0-9]+ )*${label})-----([\\s\\S]*?)-----END \\1-----`, 'g'),
  );
  return [...blocks].map(([block, name, body]) => {
    // Headers of an old encrypted key stand on lines of their own.
    if (body?.includes(':')) return block;
    const base64 = (body ?? '').replace(/\s+/g, '');
    return `-----BEGIN ${name}-----\n${base64.replace(/(.{64})/g, '$1\n')}\n-----END ${name}-----\n`;
  });
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
