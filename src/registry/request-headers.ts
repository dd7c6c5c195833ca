/** `request.header.*`: what a registry is sent beside our own headers. Invariant 8: no message repeats a value, as it may be a key of an API. */
import type { CredentialSettings } from './credential-settings.ts';
import { HEADER_PREFIX } from './registry-keys.ts';

type Problem = (key: string, message: string) => void;

/** RFC 9110, 5.6.2 and 5.5: what Node's HTTP sends; anything else would fail every request, or end a header early. */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Headers that belong to the request or the connection, each with where it comes from. */
const OURS: Readonly<Record<string, string>> = {
  accept: 'it says which answers are understood',
  'accept-encoding': 'answers are not unpacked',
  connection: 'connections are kept by themselves',
  'content-encoding': 'schemas are sent as they are',
  'content-length': 'it is the length of each request',
  'content-type': 'it says what is sent',
  expect: 'requests are sent whole',
  host: 'it is the host of schema.registry.url',
  'keep-alive': 'connections are kept by themselves',
  'proxy-authorization': 'it is made of proxy.user.info',
  'proxy-connection': 'connections are kept by themselves',
  te: 'answers are not unpacked',
  trailer: 'requests are sent whole',
  'transfer-encoding': 'requests are sent whole',
  upgrade: 'registries speak HTTP/1.1',
};

/**
 * Values by lower-case names. A header that we send ourselves is a problem, never overruled in silence: `Authorization` only beside credentials
 * that are set otherwise, as a gateway may want a scheme that no other setting has.
 */
export function requestHeadersOf(
  config: Readonly<Record<string, string>>,
  credentials: CredentialSettings,
  problem: Problem,
): Record<string, string> {
  const headers = new Map<string, string>();
  const sent = headersOfCredentials(credentials);
  for (const [key, value] of Object.entries(config)) {
    if (!key.startsWith(HEADER_PREFIX)) continue;
    const name = key.slice(HEADER_PREFIX.length).toLowerCase();
    if (!NAME.test(name)) {
      problem(key, `Give the name of a header after ${HEADER_PREFIX}: letters, digits and - only, such as X-Tenant.`);
    } else if (Object.hasOwn(OURS, name)) {
      problem(key, `The header can not be set: ${OURS[name]}. Leave it out.`);
    } else if (sent.has(name)) {
      problem(key, 'The header is sent with the credentials of basic.auth.* or bearer.auth.*. Set one of them only.');
    } else if (headers.has(name)) {
      problem(key, 'The header is set twice: upper and lower case are the same. Set it once.');
    } else if (!VALUE.test(value)) {
      problem(key, 'The value has a line break, a control character or one beyond Latin-1. Take it out, or encode it.');
    }
    headers.set(name, value);
  }
  return Object.fromEntries(headers);
}

function headersOfCredentials(credentials: CredentialSettings): ReadonlySet<string> {
  switch (credentials.kind) {
    case 'none':
      return new Set();
    case 'basic':
      return new Set(['authorization']);
    case 'token':
    case 'oauth':
      return new Set(['authorization', ...Object.keys(credentials.headers).map((name) => name.toLowerCase())]);
  }
}
