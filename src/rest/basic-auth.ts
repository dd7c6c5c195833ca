/**
 * HTTP basic authentication as BasicAuthSecurityRestExtension of Kafka Connect 4.1.1 does it, over a file of `user=password`.
 * Who a request is from is checked where its route is known and before its body is read.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Logger } from '../foundation/logger.ts';
import { decodeBase64 } from './java-base64.ts';
import { RestError } from './rest-error.ts';

/** Text under a JSON label, as upstream answers it. */
export const UNAUTHORIZED_BODY = 'User cannot access the resource.';

/** Requests between workers, which are signed instead. */
const INTERNAL: readonly (readonly [string, RegExp])[] = [
  ['POST', /^\/?connectors\/[^/]+\/tasks\/?$/],
  ['PUT', /^\/?connectors\/[^/]+\/fence\/?$/],
];

export class BasicAuth {
  /** By user, SHA-256 of the password: equal in length, so that a comparison tells nothing of the password. */
  private readonly passwords: ReadonlyMap<string, Buffer>;

  constructor(options: {
    /** Passwords by user. None: every login succeeds, as upstream. */
    readonly credentials: ReadonlyMap<string, string>;
    readonly logger: Logger;
  }) {
    this.passwords = new Map([...options.credentials].map(([user, password]) => [user, digest(password)]));
    if (this.passwords.size === 0) {
      options.logger.warn('The file of REST credentials is empty: every request is let in. Add a line user=password.');
    }
  }

  /** @throws RestError 500 for base64 that is none, as upstream. */
  allows(request: {
    readonly method: string;
    readonly path: string;
    readonly authorization: string | undefined;
  }): boolean {
    if (INTERNAL.some(([method, path]) => method === request.method && path.test(request.path))) return true;
    const given = credentialsOf(request.authorization);
    if (this.passwords.size === 0) return true;
    if (given === null) return false;
    const expected = this.passwords.get(given.user);
    const isSame = timingSafeEqual(digest(given.password), expected ?? digest(''));
    return expected !== undefined && isSame;
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

function credentialsOf(header: string | undefined): { readonly user: string; readonly password: string } | null {
  const space = header?.indexOf(' ') ?? -1;
  if (header === undefined || space <= 0 || header.slice(0, space).toLowerCase() !== 'basic') return null;
  const text = decoded(header.slice(space + 1)).toString('utf8');
  const colon = text.indexOf(':');
  return colon <= 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function decoded(base64: string): Buffer {
  try {
    return decodeBase64(base64);
  } catch (cause) {
    throw new RestError(500, (cause as Error).message, { cause });
  }
}
