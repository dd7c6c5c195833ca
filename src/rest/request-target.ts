/**
 * What of a request's target and `Host` the server below Kafka Connect's API refuses before its resources see the request, because it
 * could be read in two ways, or in none. Seen of Jetty 12 in Kafka Connect 4.1.1.
 */

export interface Refusal {
  readonly status: 400 | 404 | 505;
  readonly message: string;
  /** What the page says was asked for, `/badURI` or `/badMessage` where that can't be read; null: there is no page. */
  readonly uri: string | null;
}

export interface RawTarget {
  /** As it was sent: a path with its query, or a whole URL. */
  readonly url: string;
  readonly method: string;
  /** Every `Host` header. */
  readonly hosts: readonly string[];
  /** `1.1`, say. */
  readonly httpVersion: string;
}

const bad = (message: string, uri = '/badURI'): Refusal => ({ status: 400, message, uri });
const BAD_MESSAGE: Refusal = { status: 400, message: 'Bad Request', uri: '/badMessage' };

/** null for what goes on to the resources. */
export function refusedTarget(target: RawTarget): Refusal | null {
  const { url, hosts, httpVersion } = target;
  if (httpVersion === '0.9') return { status: 505, message: 'HTTP/0.9 not supported', uri: '/badMessage' };
  if (hosts.length > 1) return bad('Duplicate Host Header');
  const host = hosts[0];
  if (host !== undefined && !isHostPort(host)) return host === '' ? bad('Blank Host') : bad('Bad HostPort', url);
  if (url === '*' && target.method === 'OPTIONS') return { status: 404, message: 'Not Found', uri: null };
  const absolute = absoluteForm(url);
  if (absolute !== null && absolute.authority !== host) return bad('Authority!=Host', url);
  const path = pathOf(url);
  return path.startsWith('/') ? refusedPath(path) : bad('Bad URI path');
}

/** What resources are found by: the path and the query, without scheme, host, fragment and the parameters that may follow each segment. */
export function routedTarget(url: string): string {
  const path = pathOf(url);
  const query = /^[^#?]*(\?[^#]*)/.exec(url)?.[1] ?? '';
  return `${path.replace(/;[^/]*/g, '')}${query}`;
}

function refusedPath(path: string): Refusal | null {
  const segments = path.split('/').slice(1);
  const names = segments.map((segment) => segment.split(';', 1)[0] ?? '');
  const whole = names.join('/');
  if (/%00|%(?![0-9a-f]{2})/i.test(whole) || climbsOut(names)) return BAD_MESSAGE;
  if (!isDecodable(whole)) return bad('Bad UTF-8 encoding');
  if (/%[01][0-9a-f]|%7f|%5c|\\/i.test(whole)) return bad('Suspicious Path Character');
  if (/[^\w\-.~!$&'()*+,=:@%/]/.test(whole)) return bad('Illegal Path Character');
  for (const [at, name] of names.entries()) {
    if (!isDots(name)) continue;
    if (name.includes('%')) return bad('Ambiguous URI path segment');
    if (segments[at] !== name) return bad('Ambiguous URI path parameter');
  }
  if (/%2f/i.test(whole)) return bad('Ambiguous URI path separator');
  if (/%25/.test(whole)) return bad('Ambiguous URI path encoding');
  // A slash at the end is one too many, and no matter.
  return names.slice(0, -1).includes('') ? bad('Ambiguous URI empty segment') : null;
}

/** `..` more often than there is something above. */
function climbsOut(names: readonly string[]): boolean {
  let depth = 0;
  for (const name of names) {
    if (!isDots(name)) depth++;
    else if (name.replace(/%2e/gi, '.') === '..') depth--;
    if (depth < 0) return true;
  }
  return false;
}

function isDots(name: string): boolean {
  return /^(?:\.|%2e){1,2}$/i.test(name);
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** Without query and fragment. */
function pathOf(url: string): string {
  const rest = absoluteForm(url)?.rest ?? url;
  return rest.split(/[?#]/, 1)[0] ?? '';
}

function absoluteForm(url: string): { readonly authority: string; readonly rest: string } | null {
  const match = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url);
  if (match === null) return null;
  const [, authority = '', rest = ''] = match;
  return { authority, rest: rest.startsWith('/') ? rest : `/${rest}` };
}

/** A name, or an address in brackets, with a port perhaps. It goes into `Location`. */
function isHostPort(text: string): boolean {
  const match = /^(?:\[[0-9a-f:.]+(?:%25[\w.~-]+)?\]|[\w\-.~!$&'()*+,;=%]+)(?::(\d{1,5}))?$/i.exec(text);
  return match !== null && Number(match[1] ?? 0) <= 65_535;
}
