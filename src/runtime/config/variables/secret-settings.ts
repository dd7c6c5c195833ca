/** Which values of a configuration are secrets. Invariant 8: whichever key carries them. */
import { parseJaasConfig } from '../../../foundation/jaas-config.ts';
import type { FoundVariable } from './resolved-variables.ts';
import { hasVariable, variablesIn, variableText } from './variable-syntax.ts';

type Raw = Readonly<Record<string, string | null>>;

/** Names by which settings of any plugin say that they hold a secret. */
const SECRET_NAME =
  /pass(word|wd|phrase|code)|secret|token|credential|api[._-]?key|access[._-]?key|private[._-]?key|(account|shared|encryption|signing)[._-]?key|jaas|user[._-]?info|auth(orization|entication)?[._-]?(header|value|string)|(^|[._-])(authorization|cookie|sas)$|keystore\.(key|certificate\.chain)$|request\.header\./i;
/** And those that only say how one is found or used. */
const NOT_A_SECRET =
  /[._-](url|uri|urls|class|file|location|path|paths|type|source|algorithm|enabled?|ms|seconds|name|mode|provider|providers|endpoint|scope|size|count|version|format|prefix|suffix|strategy|callback|handler)$/i;
/** Settings of the framework that hold names and numbers: a topic that comes from a provider is no secret. */
const PLAIN =
  /^(name|connector\.class|tasks\.max(\.enforce)?|topics?|topics\.regex|transforms|predicates|config\.action\.reload|errors\.[a-z.]+|topic\.creation\..+|(key|value|header)\.converter|(transforms|predicates)\.[^.]+\.(type|predicate|negate)|.*plugin\.version|offset\.[a-z.]+|listeners|admin\.listeners|bootstrap\.servers|group\.id|client\.id|log\.level|plugin\.path|.*\.bootstrap\.servers)$/;
/** Options of a login module that hold none. */
const PLAIN_OPTION =
  /^(username|clientId|scope|serviceName|principal|useKeyTab|storeKey|keyTab|refreshKrb5Config|useTicketCache)$|^ssl\..*(location|type)$/;
// It begins where the search for it can jump to. With the scheme before, each letter of a long value would be tried as the first of one.
const URL_PASSWORD = /:\/\/(?<=[a-z0-9+.-]:\/\/)([^\s/?#@:]*):([^\s/?#]*)@/gi;

/**
 * The secrets among the values of a configuration that was resolved: settings of type PASSWORD, settings whose name says so, passwords in
 * URLs, what is inside of a JAAS text, and what came from a config provider, unless it is used for names and numbers of the framework only.
 */
export function secretsOf(
  config: Raw,
  parts: {
    readonly raw?: Raw;
    readonly found?: readonly FoundVariable[];
    readonly passwordKeys?: ReadonlySet<string>;
  } = {},
): Set<string> {
  const secrets = new Set<string>();
  for (const [key, value] of Object.entries(config)) {
    if (value === null || value === '') continue;
    for (const [, , password = ''] of value.matchAll(URL_PASSWORD)) addPassword(secrets, password);
    if (parts.passwordKeys?.has(key) === true || isSecretName(key)) addSetting(secrets, key, value);
  }
  const found = parts.found ?? [];
  if (found.length === 0) return secrets;
  const uses = usesOf(parts.raw ?? {});
  // False: for names and numbers of the framework only.
  for (const variable of found) if (uses.get(variableText(variable)) !== false) secrets.add(variable.value);
  return secrets;
}

/** Of each variable in a configuration, whether it is used for more than what may be shown. */
function usesOf(raw: Raw): Map<string, boolean> {
  const uses = new Map<string, boolean>();
  for (const [key, text] of Object.entries(raw)) {
    if (text === null) continue;
    for (const variable of variablesIn(text)) {
      const name = variableText(variable);
      uses.set(name, uses.get(name) === true || !PLAIN.test(key));
    }
  }
  return uses;
}

export function isSecretName(key: string): boolean {
  return SECRET_NAME.test(key) && !NOT_A_SECRET.test(key);
}

function addSetting(secrets: Set<string>, key: string, value: string): void {
  // A variable that nobody resolved is no secret.
  if (hasVariable(value)) return;
  secrets.add(value);
  if (/jaas/i.test(key)) addJaasOptions(secrets, value);
  else if (/user[._-]?info|credential|basic/i.test(key)) {
    const colon = value.indexOf(':');
    if (colon >= 0) addPassword(secrets, value.slice(colon + 1));
  }
  const bearer = /^(?:basic|bearer)\s+(\S+)$/i.exec(value.trim());
  if (bearer?.[1] !== undefined) secrets.add(bearer[1]);
}

function addPassword(secrets: Set<string>, password: string): void {
  if (password === '') return;
  secrets.add(password);
  try {
    secrets.add(decodeURIComponent(password));
  } catch {
    // It is no encoded text, and stands as it is.
  }
}

function addJaasOptions(secrets: Set<string>, text: string): void {
  let options: Iterable<readonly [string, string]>;
  try {
    options = parseJaasConfig(text).options;
  } catch {
    // What can't be read is searched for quoted values all the same.
    options = [...text.matchAll(/(\w+)\s*=\s*["']([^"']*)["']?/g)].map(([, key = '', value = '']) => [key, value]);
  }
  for (const [option, value] of options) if (!PLAIN_OPTION.test(option)) secrets.add(value);
}
