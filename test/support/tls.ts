import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A private key and its certificate, PEM. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

/** A certificate authority of one test, and what it signed; every text is PEM, every file lies in `dir`. */
export interface TlsMaterial {
  readonly ca: string;
  /** For `localhost` and 127.0.0.1. */
  readonly server: Identity;
  /** Common name `holdfast-client`. */
  readonly client: Identity;
  readonly caFile: string;
  readonly serverKeyFile: string;
  readonly serverCertFile: string;
  readonly clientKeyFile: string;
  readonly clientCertFile: string;
}

/** Makes a new authority with a server and a client certificate, valid from yesterday for ten days, and writes them to `dir`. */
export function createTlsMaterial(dir: string): TlsMaterial {
  const authorityKeys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const authority = { name: 'Holdfast test CA', key: authorityKeys.privateKey };
  const ca = certificate({
    subject: authority.name,
    publicKey: authorityKeys.publicKey,
    issuer: authority,
    kind: 'ca',
  });
  const identity = (subject: string, kind: 'server' | 'client'): Identity => {
    const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return {
      key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      cert: certificate({ subject, publicKey: keys.publicKey, issuer: authority, kind }),
    };
  };
  const server = identity('localhost', 'server');
  const client = identity('holdfast-client', 'client');
  const file = (name: string, text: string): string => {
    const path = join(dir, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return {
    ca,
    server,
    client,
    caFile: file('ca.pem', ca),
    serverKeyFile: file('server.key.pem', server.key),
    serverCertFile: file('server.cert.pem', server.cert),
    clientKeyFile: file('client.key.pem', client.key),
    clientCertFile: file('client.cert.pem', client.cert),
  };
}

// X.509 v3 (RFC 5280) in DER: just enough for these three certificates, so that no openssl has to be installed.

interface CertificateRequest {
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly issuer: { readonly name: string; readonly key: KeyObject };
  readonly kind: 'ca' | 'server' | 'client';
}

const sha256WithRsa = sequence(oid('2a864886f70d01010b'), tlv(0x05));

function certificate({ subject, publicKey, issuer, kind }: CertificateRequest): string {
  const day = 86_400_000;
  const serial = randomBytes(8);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const toBeSigned = sequence(
    tlv(0xa0, integer(Buffer.of(2))),
    integer(serial),
    sha256WithRsa,
    commonName(issuer.name),
    sequence(utcTime(Date.now() - day), utcTime(Date.now() + 9 * day)),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions(kind))),
  );
  const signature = sign('sha256', toBeSigned, issuer.key);
  const der = sequence(toBeSigned, sha256WithRsa, tlv(0x03, Buffer.of(0), signature));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function extensions(kind: CertificateRequest['kind']): Buffer[] {
  const critical = tlv(0x01, Buffer.of(0xff));
  const basicConstraints = (isCa: boolean): Buffer =>
    sequence(oid('551d13'), critical, tlv(0x04, isCa ? sequence(critical) : sequence()));
  const keyUsage = (unusedBits: number, bits: number): Buffer =>
    sequence(oid('551d0f'), critical, tlv(0x04, tlv(0x03, Buffer.of(unusedBits, bits))));
  if (kind === 'ca') return [basicConstraints(true), keyUsage(1, 0x06)];
  const purpose = kind === 'server' ? '2b06010505070301' : '2b06010505070302';
  const names = sequence(tlv(0x82, Buffer.from('localhost')), tlv(0x87, Buffer.of(127, 0, 0, 1)));
  return [
    basicConstraints(false),
    keyUsage(5, 0xa0),
    sequence(oid('551d25'), tlv(0x04, sequence(oid(purpose)))),
    ...(kind === 'server' ? [sequence(oid('551d11'), tlv(0x04, names))] : []),
  ];
}

function commonName(name: string): Buffer {
  return sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, Buffer.from(name)))));
}

function utcTime(time: number): Buffer {
  const digits = new Date(time).toISOString().replace(/\D/g, '');
  return tlv(0x17, Buffer.from(`${digits.slice(2, 14)}Z`));
}

function sequence(...parts: Buffer[]): Buffer {
  return tlv(0x30, ...parts);
}

function integer(bytes: Buffer): Buffer {
  return tlv(0x02, bytes);
}

function oid(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, 'hex'));
}

function tlv(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const n = body.length;
  const length = n < 128 ? [n] : n < 256 ? [0x81, n] : [0x82, n >> 8, n & 0xff];
  return Buffer.concat([Buffer.of(tag, ...length), body]);
}
