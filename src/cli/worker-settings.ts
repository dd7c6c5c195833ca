/** A worker's settings with those of its registry: every mistake at once, before anything is opened. */
import { CLIENT_CONFIGS, type ClientKind } from '../broker/kafka/client-config-def.ts';
import { AvroConverter } from '../converters/avro/avro-converter.ts';
import { isWorkerDefault, registryConfigOf, withWorkerDefaults } from '../registry/registry-keys.ts';
import { workerDefaultProblems } from '../registry/worker-defaults.ts';
import { definitionHere } from '../runtime/config/plugin-definition.ts';
import { converterProblems } from '../runtime/config/plugin-problems.ts';
import { isTopLevelClientKey } from '../runtime/config/top-level-client-keys.ts';
import { withPrefix } from '../runtime/config/with-prefix.ts';
import { parseWorkerConfig, type WorkerConfig } from '../runtime/config/worker-config.ts';
import { namesOf } from '../runtime/plugins/plugin-desc.ts';
import type { ConfigProblem } from '../sdk/errors/kinds.ts';

type Raw = Readonly<Record<string, string>>;

const PACKAGE = 'holdfast';
/** Not the package alone, which has more converters than this. */
const AVRO = namesOf({
  type: 'converter',
  className: 'io.confluent.connect.avro.AvroConverter',
  otherNames: [],
  packageName: PACKAGE,
}).filter((name) => name !== PACKAGE);

/** What of a worker's settings holds for all its converters. */
export function registryDefaults(raw: Raw): Record<string, string> {
  return Object.fromEntries(Object.entries(raw).filter(([key]) => isWorkerDefault(key)));
}

/** A converter's own settings with the worker's defaults below them, as its tasks will have them. */
export function withRegistryDefaults(worker: Raw, own: Raw): Raw {
  return { ...own, ...withWorkerDefaults(registryDefaults(worker), own) };
}

/** @throws ConfigError `holdfast.worker.config-invalid` that names every mistake, those of Avro converters and Kafka clients among them. */
export function parseWorkerSettings(raw: Raw): WorkerConfig {
  const defaults = workerDefaultProblems(raw);
  return parseWorkerConfig(raw, [
    ...defaults,
    ...avroProblems(raw, new Set(defaults.map(({ key }) => key))),
    ...clientProblems(raw),
  ]);
}

/**
 * What would otherwise fail each task for itself. Only settings that the file has: an absent one may be in every connector, and which of them
 * make a whole (security, say) is seen when a client is made.
 */
function clientProblems(raw: Raw): ConfigProblem[] {
  const topLevel = Object.fromEntries(Object.entries(raw).filter(([key]) => isTopLevelClientKey(key)));
  return [
    ...problemsOf('admin', '', topLevel),
    ...(['producer', 'consumer', 'admin'] as const).flatMap((kind) =>
      problemsOf(kind, `${kind}.`, withPrefix(raw, `${kind}.`)),
    ),
  ];
}

function problemsOf(kind: ClientKind, prefix: string, settings: Raw): ConfigProblem[] {
  const def = CLIENT_CONFIGS[kind].pick((key) => Object.hasOwn(settings, key));
  return def
    .validate(settings)
    .flatMap(({ name, errorMessages }) =>
      errorMessages.slice(0, 1).map((message) => ({ key: prefix + name, message })),
    );
}

function avroProblems(raw: Raw, told: ReadonlySet<string>): ConfigProblem[] {
  return (['key', 'value'] as const).flatMap((type) => {
    if (!AVRO.includes(raw[`${type}.converter`]?.trim() ?? '')) return [];
    const prefix = `${type}.converter.`;
    const own = withPrefix(raw, prefix);
    const isOwn = (key: string): boolean => Object.hasOwn(registryConfigOf(own), key);
    const definition = definitionHere('AvroConverter', AvroConverter);
    return converterProblems(definition, withRegistryDefaults(raw, own), type, prefix).filter(({ key }) => {
      const name = key.slice(prefix.length);
      return isOwn(name) || !(told.has(name) || told.has(`schema.registry.${name}`));
    });
  });
}
