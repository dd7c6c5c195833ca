/**
 * A remote as git is told of it. What stands in its URL before the host would be seen by every user of the machine, in the arguments of git
 * and of the programs that it starts: it goes through their environment instead, which only the same user can read.
 */
import { ConfigError } from '../../sdk/errors/kinds.ts';
import { PLACE_INVALID } from './place.ts';

export interface GitRemote {
  /** A name or URL, without a user's name or password where git asks for those. */
  readonly remote: string;
  /** For git's -c. */
  readonly config: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** No message is to repeat them. */
  readonly secrets: readonly string[];
}

/** Those by which git asks its credential helpers. */
const ASKS = /^(https?|ftps?)$/i;
const USERNAME = 'HOLDFAST_GIT_USERNAME';
const PASSWORD = 'HOLDFAST_GIT_PASSWORD';
/** A line of a shell that git starts; the values are not in it. */
const HELPER = `!f() { test "$1" = get && printf 'username=%s\\npassword=%s\\n' "$${USERNAME}" "$${PASSWORD}"; }; f`;

/** @throws ConfigError `holdfast.recovery.place-invalid` for a URL that git would read in another way, or a password that it has no use for */
export function gitRemote(text: string): GitRemote {
  const [, scheme = '', authority = '', path = ''] = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)(.*)$/is.exec(text) ?? [];
  const at = authority.lastIndexOf('@');
  if (at === -1 && path.includes('@') && /:(?!\d+$)/.test(authority)) {
    throw invalid('a slash in a password has to be written as %2F');
  }
  const asItIs = { remote: text, config: [], env: {}, secrets: [] };
  if (at === -1) return asItIs;
  const [userinfo, host] = [authority.slice(0, at), authority.slice(at + 1)];
  const colon = userinfo.indexOf(':');
  const username = decoded(colon === -1 ? userinfo : userinfo.slice(0, colon));
  const password = colon === -1 ? undefined : decoded(userinfo.slice(colon + 1));
  if (/[\0\r\n]/.test(`${username}${password ?? ''}`)) throw invalid('neither name nor password may have line ends');
  if (!ASKS.test(scheme)) {
    if (password === undefined) return asItIs;
    throw invalid(`${scheme} takes no password from a URL; use a key`);
  }
  const url = `${scheme}://${host}`;
  const remote = `${url}${path}`;
  if (password === undefined) {
    return {
      remote,
      config: [],
      env: inEnvironment(`credential.${url}.username`, username),
      secrets: [userinfo, username],
    };
  }
  return {
    remote,
    // The empty one makes it the only helper that is asked, and of this host alone.
    config: [`credential.${url}.helper=`, `credential.${url}.helper=${HELPER}`],
    env: { [USERNAME]: username, [PASSWORD]: password },
    secrets: [userinfo, userinfo.slice(colon + 1), password, ...(password === '' ? [username] : [])],
  };
}

/** A setting of git that no argument shows; behind those that are there already. */
function inEnvironment(key: string, value: string): Readonly<Record<string, string>> {
  const count = Number(process.env['GIT_CONFIG_COUNT'] ?? 0) || 0;
  return {
    GIT_CONFIG_COUNT: String(count + 1),
    [`GIT_CONFIG_KEY_${count}`]: key,
    [`GIT_CONFIG_VALUE_${count}`]: value,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // It is no encoded text, and stands as it is.
    return text;
  }
}

function invalid(why: string): ConfigError {
  return new ConfigError(
    `The URL to push to can't be used: ${why}. Or name a remote of the repository, and give git a credential helper.`,
    { code: PLACE_INVALID },
  );
}
