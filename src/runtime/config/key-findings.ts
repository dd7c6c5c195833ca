/** Of the keys of a configuration those that nobody knows, and those of Kafka Connect that do nothing here: for one warning each. */
import { EMBEDDED_CLIENT_SETTINGS } from '../../broker/embedded/client-settings.ts';
import type { ClientKind } from '../../broker/kafka/client-config-def.ts';
import { clientSettingsWithoutEffect, unknownClientSettings } from '../../broker/kafka/settings-without-effect.ts';
import type { RawConnectorConfig } from '../herder/herder.ts';
import { listOf } from './alias-list.ts';
import { REST_TLS_KEYS } from './rest-config-keys.ts';
import { HOST_SETTINGS } from './task-spec.ts';
import { isTopLevelClientKey } from './top-level-client-keys.ts';
import { withPrefix } from './with-prefix.ts';
import { WORKER_CONFIG } from './worker-config-def.ts';
import {
  CLIENT_NOT_THERE,
  EMBEDDED,
  EVERY_OTHER_TOPIC,
  NO_HOST_NAMES,
  reasonOfWorkerKey,
  SOURCE_KEYS_WITHOUT_EFFECT,
} from './worker-keys/keys-without-effect.ts';

type Raw = Readonly<Record<string, string>>;

export interface KeyFindings {
  /** Most likely misspelt. */
  readonly unknown: readonly string[];
  /** The reason by the key. */
  readonly withoutEffect: Readonly<Record<string, string>>;
}

const CLIENTS: readonly ClientKind[] = ['producer', 'consumer', 'admin'];

/** Looked after by whom they are for: converters, and the registry whose settings a worker has as defaults. */
const OF_OTHERS = [
  ...['key.converter.', 'value.converter.', 'header.converter.'],
  ...['registry.', 'schema.registry.', 'unknown.id.', 'basic.auth.', 'bearer.auth.', 'proxy.'],
];
/** Of a registry that inherits a worker's login. */
const SASL_OF_OTHERS: ReadonlySet<string> = new Set(['sasl.username', 'sasl.password']);

/** Of a worker's settings; converters and registry are asked by others. */
export function workerKeyFindings(raw: Raw): KeyFindings {
  const unknown: string[] = [];
  const withoutEffect: Record<string, string> = {};
  const topLevel: Record<string, string> = {};
  const providers = listOf(raw['config.providers']);
  for (const [key, value] of Object.entries(raw)) {
    if (WORKER_CONFIG.keys.has(key) || REST_TLS_KEYS.includes(key) || SASL_OF_OTHERS.has(key)) continue;
    if (OF_OTHERS.some((prefix) => hasPrefix(key, prefix)) || isProviderKey(key, providers)) continue;
    const reason = reasonOfWorkerKey(key);
    if (reason !== undefined) withoutEffect[key] = reason;
    else if (isTopLevelClientKey(key)) topLevel[key] = value;
    else if (clientOf(key) === undefined) unknown.push(key);
  }
  for (const prefix of ['listeners.https.', 'admin.listeners.https.']) {
    for (const [key, reason] of Object.entries(listenerKeysWithoutEffect(withPrefix(raw, prefix)))) {
      withoutEffect[prefix + key] = reason;
    }
  }
  const isEmbedded = usesEmbeddedBroker(raw);
  const found = { unknown, withoutEffect };
  addClient(found, { kind: 'admin', prefix: '', given: topLevel, isEmbedded });
  for (const kind of CLIENTS) {
    const given = withPrefix(raw, `${kind}.`);
    const own = Object.fromEntries(Object.entries(given).filter(([key]) => !isListenerKey(`${kind}.${key}`)));
    addClient(found, { kind, prefix: `${kind}.`, given: own, isEmbedded });
  }
  return { unknown: inOrder(unknown, raw), withoutEffect };
}

/** TLS of a listener is that of a client, but that it checks no host names. */
function listenerKeysWithoutEffect(settings: Raw): Record<string, string> {
  const identification = settings['ssl.endpoint.identification.algorithm']?.trim();
  return {
    ...clientSettingsWithoutEffect('admin', settings),
    ...(identification === undefined || identification === ''
      ? {}
      : { 'ssl.endpoint.identification.algorithm': NO_HOST_NAMES }),
  };
}

/** `producer.` and the like, but for the listeners of /admin. */
function clientOf(key: string): ClientKind | undefined {
  return isListenerKey(key) ? undefined : CLIENTS.find((kind) => hasPrefix(key, `${kind}.`));
}

/** The prefix alone is no setting of anybody's. */
function hasPrefix(key: string, prefix: string): boolean {
  return key.startsWith(prefix) && key.length > prefix.length;
}

function isListenerKey(key: string): boolean {
  return key === 'admin.listeners' || key.startsWith('admin.listeners.');
}

function isProviderKey(key: string, providers: readonly string[]): boolean {
  return providers.some(
    (name) => key === `config.providers.${name}.class` || key.startsWith(`config.providers.${name}.param.`),
  );
}

function usesEmbeddedBroker(worker: Raw): boolean {
  return (worker['bootstrap.servers'] ?? '').trim().startsWith('embedded:');
}

/** Of `exactly.once.support` and `transaction.boundary`. */
const SOURCE_DEFAULTS: ReadonlySet<string> = new Set(['requested', 'poll']);
const DEFAULT_GROUP_MATCHES = /^topic\.creation\.default\.(include|exclude)$/;

/** Of a connector's settings; converters are asked by others. */
export function connectorKeyFindings(
  type: 'source' | 'sink',
  config: RawConnectorConfig,
  context: {
    /** Keys that validation found a definition for. */
    readonly known: ReadonlySet<string>;
    readonly worker: Raw;
  },
): KeyFindings {
  const { known, worker } = context;
  const unknown: string[] = [];
  const withoutEffect: Record<string, string> = {};
  const hostSettings: readonly string[] = HOST_SETTINGS;
  const groups = ['default', ...listOf(config['topic.creation.groups'] ?? undefined)];
  for (const [key, value] of Object.entries(config)) {
    const reason = type === 'source' ? SOURCE_KEYS_WITHOUT_EFFECT.get(key) : undefined;
    if (reason !== undefined) {
      // The default, written out.
      if (!SOURCE_DEFAULTS.has((value ?? '').trim().toLowerCase())) withoutEffect[key] = reason;
    } else if (type === 'source' && key.startsWith('consumer.override.')) withoutEffect[key] = CLIENT_NOT_THERE;
    else if (known.has(key) || hostSettings.includes(key) || /^(key|value|header)\.converter\../.test(key)) continue;
    else if (type === 'source' && DEFAULT_GROUP_MATCHES.test(key)) withoutEffect[key] = EVERY_OTHER_TOPIC;
    else if (type === 'source' && groups.some((group) => hasPrefix(key, `topic.creation.${group}.`))) continue;
    else if (!CLIENTS.some((kind) => hasPrefix(key, `${kind}.override.`))) unknown.push(key);
  }
  for (const kind of type === 'source' ? (['producer', 'admin'] as const) : CLIENTS) {
    const prefix = `${kind}.override.`;
    const given = withPrefix(config, prefix);
    addClient({ unknown, withoutEffect }, { kind, prefix, given, isEmbedded: usesEmbeddedBroker(worker) });
  }
  return { unknown: inOrder(unknown, config), withoutEffect };
}

function addClient(
  into: { readonly unknown: string[]; readonly withoutEffect: Record<string, string> },
  client: {
    readonly kind: ClientKind;
    readonly prefix: string;
    readonly given: RawConnectorConfig;
    readonly isEmbedded: boolean;
  },
): void {
  const { kind, prefix, given, isEmbedded } = client;
  const settings = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, value ?? '']));
  const unknown = unknownClientSettings(kind, settings);
  into.unknown.push(...unknown.map((key) => prefix + key));
  const reasons = clientSettingsWithoutEffect(kind, settings);
  const used: readonly string[] = EMBEDDED_CLIENT_SETTINGS;
  for (const key of Object.keys(settings)) {
    const reason = reasons[key] ?? (isEmbedded && !used.includes(key) && !unknown.includes(key) ? EMBEDDED : undefined);
    if (reason !== undefined) into.withoutEffect[prefix + key] = reason;
  }
}

function inOrder(keys: readonly string[], config: Readonly<Record<string, unknown>>): readonly string[] {
  const found = new Set(keys);
  return Object.keys(config).filter((key) => found.has(key));
}
