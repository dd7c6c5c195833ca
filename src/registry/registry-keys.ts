/**
 * Under which names a registry's settings may stand: as they are, with `schema.registry.` before them (an old alias of every key of Confluent's
 * clients), and among the worker's own settings as defaults of all converters.
 */
import { reasonWithoutEffect } from './config/keys-without-effect.ts';
import { REGISTRY_CONFIG } from './registry-config.ts';

type Config = Readonly<Record<string, string>>;

export const HEADER_PREFIX = 'request.header.';
const NAMESPACE = 'schema.registry.';

const isKnown = (key: string): boolean =>
  REGISTRY_CONFIG.keys.has(key) || key.startsWith(HEADER_PREFIX) || reasonWithoutEffect(key) !== undefined;

/** The name that a key stands for; undefined: it concerns no registry. */
export function registryKeyOf(key: string): string | undefined {
  if (isKnown(key)) return key;
  const rest = key.startsWith(NAMESPACE) ? key.slice(NAMESPACE.length) : undefined;
  return rest !== undefined && isKnown(rest) ? rest : undefined;
}

/** What concerns a registry, aliases replaced; a key under its own name comes before its alias. */
export function registryConfigOf(config: Config): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [key, value] of Object.entries(config)) {
    const name = registryKeyOf(key);
    if (name !== undefined && (name === key || !Object.hasOwn(config, name))) found[name] = value;
  }
  return found;
}

/** Keys without effect, each with the reason. */
export function keysWithoutEffect(config: Config): Record<string, string> {
  return Object.fromEntries(
    Object.keys(config).flatMap((key) => {
      const reason = reasonWithoutEffect(registryKeyOf(key) ?? key);
      return reason === undefined ? [] : [[key, reason]];
    }),
  );
}

/**
 * Keys of a worker that are defaults of all converters' registry settings. Not `ssl.*`, which is for Kafka; of `sasl.*` what can be
 * inherited is handed on only to a converter that inherits it.
 */
const DEFAULTS = /^(registry\.|unknown\.id\.|schema\.registry\.|basic\.auth\.|bearer\.auth\.|proxy\.)/;
const INHERITED = ['sasl.jaas.config', 'sasl.username', 'sasl.password', 'sasl.oauthbearer.token.endpoint.url'];

export function isWorkerDefault(key: string): boolean {
  return DEFAULTS.test(key) || INHERITED.includes(key);
}

/** Of a worker's keys those that look like a registry's and are none. `schema.store.*` is the worker's own. */
export function unknownWorkerDefaults(config: Config): string[] {
  return Object.keys(config).filter((key) => DEFAULTS.test(key) && registryKeyOf(key) === undefined);
}

const CREDENTIALS = /^(basic\.auth\.|bearer\.auth\.|schema\.registry\.ssl\.keystore\.|schema\.registry\.ssl\.key\.)/;
const SOURCES = ['basic.auth.', 'bearer.auth.'] as const;

/**
 * A converter's registry settings over the worker's. Invariant 8: the worker's credentials go to the worker's registry only, not to another one
 * that a converter names; and a converter that has credentials of its own kind takes none of the other kind.
 */
export function withWorkerDefaults(worker: Config, converter: Config): Record<string, string> {
  const defaults = registryConfigOf(worker);
  const own = registryConfigOf(converter);
  const url = own['schema.registry.url'];
  const isElsewhere =
    url !== undefined && defaults['schema.registry.url'] !== undefined && url !== defaults['schema.registry.url'];
  const kind = SOURCES.find((prefix) => Object.keys(own).some((key) => key.startsWith(prefix)));
  const hasLogin = INHERITED.some((key) => Object.hasOwn(own, key));
  const merged: Record<string, string> = {};
  for (const [key, value] of Object.entries(defaults)) {
    if (hasLogin && INHERITED.includes(key)) continue;
    if (isElsewhere && (CREDENTIALS.test(key) || key.startsWith(HEADER_PREFIX))) continue;
    if (kind !== undefined && SOURCES.some((prefix) => key.startsWith(prefix) && prefix !== kind)) continue;
    merged[key] = value;
  }
  Object.assign(merged, own);
  const inherits =
    merged['basic.auth.credentials.source'] === 'SASL_INHERIT' ||
    merged['bearer.auth.credentials.source'] === 'SASL_OAUTHBEARER_INHERIT';
  if (!inherits) for (const key of INHERITED) delete merged[key];
  return merged;
}
