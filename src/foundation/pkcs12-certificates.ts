/**
 * The certificates of a PKCS12 store (RFC 7292), which Node's TLS reads only together with a private key. Reads what keytool and openssl
 * write today: PBES2 with AES, and the older triple DES; a store that is encrypted with RC2 is refused by its name.
 */
import { createDecipheriv, createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';

/** `reason` is `password` when the store is whole and the password is not its own. Never holds a secret. */
export class Pkcs12Error extends Error {
  readonly reason: 'malformed' | 'password' | 'unsupported';

  constructor(reason: 'malformed' | 'password' | 'unsupported', message: string) {
    super(message);
    this.name = 'Pkcs12Error';
    this.reason = reason;
  }
}

/** Of each certificate its DER. @throws Pkcs12Error */
export function pkcs12Certificates(store: Buffer, password: string): Buffer[] {
  const pfx = children(element(store, 0));
  const [, authSafe, mac] = pfx;
  const content = childOf(childOf(authSafe, 1), 0);
  if (mac !== undefined) checkMac(mac, content.body, password);
  const certificates: Buffer[] = [];
  for (const info of children(element(content.body, 0))) {
    const [type, wrapped] = children(info);
    const kind = oidOf(type);
    let bags: Buffer;
    if (kind === DATA) bags = childOf(wrapped, 0).body;
    else if (kind === ENCRYPTED_DATA) bags = decrypted(childOf(childOf(wrapped, 0), 1), password);
    else throw new Pkcs12Error('unsupported', 'a part of it is protected by a public key');
    for (const bag of children(element(bags, 0))) {
      const [bagType, value] = children(bag);
      if (oidOf(bagType) !== CERT_BAG) continue;
      const [certType, certValue] = children(childOf(value, 0));
      if (oidOf(certType) === X509) certificates.push(childOf(certValue, 0).body);
    }
  }
  return certificates;
}

const DATA = '1.2.840.113549.1.7.1';
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const CERT_BAG = '1.2.840.113549.1.12.10.1.3';
const X509 = '1.2.840.113549.1.9.22.1';
const PBES2 = '1.2.840.113549.1.5.13';
const PBMAC1 = '1.2.840.113549.1.5.14';
const TRIPLE_DES = '1.2.840.113549.1.12.1.3';
const HMACS: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};
const DIGESTS: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
const CIPHERS: Readonly<Record<string, readonly [name: string, keyBytes: number]>> = {
  '2.16.840.1.101.3.4.1.2': ['aes-128-cbc', 16],
  '2.16.840.1.101.3.4.1.22': ['aes-192-cbc', 24],
  '2.16.840.1.101.3.4.1.42': ['aes-256-cbc', 32],
  '1.2.840.113549.3.7': ['des-ede3-cbc', 24],
};
/** More rounds than any tool uses would only be there to keep us busy. */
const MOST_ITERATIONS = 5_000_000;

function decrypted(info: Element, password: string): Buffer {
  const [, algorithm, encrypted] = children(info);
  const [type, parameters] = children(algorithm);
  if (encrypted === undefined || parameters === undefined) throw malformed();
  const cipherText = encrypted.constructed
    ? Buffer.concat(children(encrypted).map(({ body }) => body))
    : encrypted.body;
  const kind = oidOf(type);
  let cipher: string;
  let key: Buffer;
  let iv: Buffer;
  if (kind === PBES2) {
    const [kdf, scheme] = children(parameters);
    const [, kdfParameters] = children(kdf);
    const [salt, rounds, ...rest] = children(kdfParameters);
    const prf = rest.find(({ tag }) => tag === 0x30);
    const hash = prf === undefined ? 'sha1' : HMACS[oidOf(children(prf)[0])];
    const [schemeType, ivValue] = children(scheme);
    const known = CIPHERS[oidOf(schemeType)];
    if (known === undefined || hash === undefined || salt === undefined || ivValue === undefined) {
      throw new Pkcs12Error('unsupported', 'it is encrypted in a way that is not known here');
    }
    [cipher] = known;
    key = pbkdf2Sync(password, salt.body, iterations(rounds), known[1], hash);
    iv = ivValue.body;
  } else if (kind === TRIPLE_DES) {
    const [salt, rounds] = children(parameters);
    if (salt === undefined) throw malformed();
    const derive = (id: number, size: number): Buffer =>
      pkcs12Key({ password, salt: salt.body, rounds: iterations(rounds), id, size, hash: 'sha1' });
    cipher = 'des-ede3-cbc';
    key = derive(1, 24);
    iv = derive(2, 8);
  } else {
    throw new Pkcs12Error('unsupported', 'it is encrypted in an old way (RC2)');
  }
  try {
    const decipher = createDecipheriv(cipher, key, iv);
    return Buffer.concat([decipher.update(cipherText), decipher.final()]);
  } catch {
    throw new Pkcs12Error('password', 'the password does not open it');
  }
}

function checkMac(mac: Element, content: Buffer, password: string): void {
  const [info, salt, rounds] = children(mac);
  const [algorithm, digest] = children(info);
  const type = oidOf(children(algorithm)[0]);
  if (salt === undefined || digest === undefined) throw malformed();
  if (type === PBMAC1) return;
  const hash = DIGESTS[type];
  if (hash === undefined)
    throw new Pkcs12Error('unsupported', 'its integrity is protected in a way that is not known here');
  const size = createHash(hash).digest().length;
  const count = rounds === undefined ? 1 : iterations(rounds);
  // Java writes an empty password as such, openssl as none.
  const candidates = password === '' ? [password, null] : [password];
  const isRight = candidates.some((candidate) => {
    const key = pkcs12Key({ password: candidate, salt: salt.body, rounds: count, id: 3, size, hash });
    const found = createHmac(hash, key).update(content).digest();
    return found.length === digest.body.length && timingSafeEqual(found, digest.body);
  });
  if (!isRight) throw new Pkcs12Error('password', 'the password does not open it');
}

/** RFC 7292, appendix B.2. */
function pkcs12Key(options: {
  readonly password: string | null;
  readonly salt: Buffer;
  readonly rounds: number;
  readonly id: number;
  readonly size: number;
  readonly hash: string;
}): Buffer {
  const { password, salt, rounds, id, size, hash } = options;
  const block = hash === 'sha384' || hash === 'sha512' ? 128 : 64;
  const text = password === null ? Buffer.alloc(0) : Buffer.from(`${password}\0`, 'utf16le').swap16();
  const filled = (bytes: Buffer): Buffer => Buffer.alloc(Math.ceil(bytes.length / block) * block, bytes);
  const input = Buffer.concat([salt.length === 0 ? salt : filled(salt), text.length === 0 ? text : filled(text)]);
  const diversifier = Buffer.alloc(block, id);
  const parts: Buffer[] = [];
  for (let made = 0; made < size; ) {
    let digest = createHash(hash).update(diversifier).update(input).digest();
    for (let round = 1; round < rounds; round++) digest = createHash(hash).update(digest).digest();
    parts.push(digest);
    made += digest.length;
    const addend = Buffer.alloc(block, digest);
    for (let at = 0; at < input.length; at += block) {
      let carry = 1;
      for (let index = block - 1; index >= 0; index--) {
        const sum = (input[at + index] ?? 0) + (addend[index] ?? 0) + carry;
        input[at + index] = sum & 0xff;
        carry = sum >> 8;
      }
    }
  }
  return Buffer.concat(parts).subarray(0, size);
}

function iterations(count: Element | undefined): number {
  const value = count === undefined || count.body.length > 4 ? Number.NaN : count.body.readUIntBE(0, count.body.length);
  if (!(value >= 1 && value <= MOST_ITERATIONS)) throw malformed();
  return value;
}

interface Element {
  readonly tag: number;
  readonly constructed: boolean;
  readonly body: Buffer;
  readonly end: number;
}

/** One DER element. */
function element(bytes: Buffer, at: number): Element {
  const tag = bytes[at];
  let length = bytes[at + 1];
  if (tag === undefined || length === undefined) throw malformed();
  let start = at + 2;
  if (length > 0x80 && length <= 0x84) {
    const size = length - 0x80;
    if (start + size > bytes.length) throw malformed();
    length = bytes.readUIntBE(start, size);
    start += size;
  } else if (length >= 0x80) throw new Pkcs12Error('unsupported', 'it is encoded in BER and not in DER');
  const end = start + length;
  if (end > bytes.length) throw malformed();
  return { tag, constructed: (tag & 0x20) !== 0, body: bytes.subarray(start, end), end };
}

function children(parent: Element | undefined): Element[] {
  if (parent === undefined) throw malformed();
  const found: Element[] = [];
  for (let at = 0; at < parent.body.length; ) {
    const next = element(parent.body, at);
    found.push(next);
    at = next.end;
  }
  return found;
}

function childOf(parent: Element | undefined, index: number): Element {
  const child = children(parent)[index];
  if (child === undefined) throw malformed();
  return child;
}

function oidOf(type: Element | undefined): string {
  const [first, ...rest] = type?.tag === 0x06 ? type.body : [];
  if (first === undefined) throw malformed();
  const parts = [Math.min(2, Math.floor(first / 40)), first - 40 * Math.min(2, Math.floor(first / 40))];
  let value = 0;
  for (const byte of rest) {
    value = value * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) {
      parts.push(value);
      value = 0;
    }
  }
  return parts.join('.');
}

function malformed(): Pkcs12Error {
  return new Pkcs12Error('malformed', 'it is no PKCS12 store, or not whole');
}
