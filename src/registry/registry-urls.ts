/** The list `schema.registry.url`: base URLs, and the users that stand in them. Invariant 8: no message repeats a URL, as it may hold a password. */
import type { UserInfo } from './credential-settings.ts';

export interface RegistryUrls {
  /** Without credentials and without a slash at the end, each once, in the order given. */
  readonly nodes: readonly string[];
  /** By base URL; a URL without a user has none. */
  readonly users: ReadonlyMap<string, UserInfo>;
}

const KEY = 'schema.registry.url';

/** What can't be taken whole is a problem, never left out in silence. */
export function parseRegistryUrls(
  texts: readonly string[],
  problem: (key: string, message: string) => void,
): RegistryUrls {
  const nodes: string[] = [];
  const users = new Map<string, UserInfo>();
  if (texts.length === 0) problem(KEY, 'Give at least one URL.');
  texts.forEach((text, index) => {
    const which = texts.length === 1 ? 'The URL' : `URL number ${index + 1}`;
    if (text.startsWith('mock://')) {
      problem(
        KEY,
        `${which} is mock://, which is not supported. Start the embedded registry instead (holdfast registry), and give its URL.`,
      );
      return;
    }
    const url = parseHttpUrl(text);
    if (url === undefined) {
      problem(KEY, `${which} is not of the form http://host:port or https://host:port.`);
      return;
    }
    if (url.search !== '' || url.hash !== '') {
      problem(
        KEY,
        `${which} has a part after ${url.search === '' ? '#' : '?'}, which no request would carry. Leave it out; in a user or password write %3F for ? and %23 for #.`,
      );
      return;
    }
    const node = `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
    if (!nodes.includes(node)) nodes.push(node);
    // An empty name is one, too (RFC 7617): a gateway may look at the password only.
    if (url.username === '' && url.password === '') return;
    const user = { user: decode(url.username), password: decode(url.password) };
    const before = users.get(node);
    if (before === undefined) users.set(node, user);
    else if (before.user !== user.user || before.password !== user.password) {
      problem(KEY, `${which} stands in the list before with another user or password. Give it once.`);
    }
  });
  return { nodes, users };
}

/** undefined for what is no http or https URL; `http://` may be left out. */
export function parseHttpUrl(text: string): URL | undefined {
  try {
    const url = new URL(text.includes('://') ? text : `http://${text}`);
    return (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== '' ? url : undefined;
  } catch {
    return undefined;
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
