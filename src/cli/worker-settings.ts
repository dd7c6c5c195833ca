/** A worker's settings with those of its registry: every mistake at once, before anything is opened. */
import { AvroConverter } from '../converters/avro/avro-converter.ts';
import { isWorkerDefault, registryConfigOf, withWorkerDefaults } from '../registry/registry-keys.ts';
import { workerDefaultProblems } from '../registry/worker-defaults.ts';
import { converterProblems } from '../runtime/config/plugin-problems.ts';
import { parseWorkerConfig, type WorkerConfig, withPrefix } from '../runtime/config/worker-config.ts';
import { namesOf } from '../runtime/plugins/plugin-desc.ts';
import type { ConfigProblem } from '../sdk/errors/kinds.ts';

type Raw = Readonly<Record<string, string>>;

const AVRO = namesOf({ type: 'converter', className: 'io.confluent.connect.avro.AvroConverter', otherNames: [] });

/** What of a worker's settings holds for all its converters. */
export function registryDefaults(raw: Raw): Record<string, string> {
  return Object.fromEntries(Object.entries(raw).filter(([key]) => isWorkerDefault(key)));
}

/** A converter's own settings with the worker's defaults below them, as its tasks will have them. */
export function withRegistryDefaults(worker: Raw, own: Raw): Raw {
  return { ...own, ...withWorkerDefaults(registryDefaults(worker), own) };
}

/** @throws ConfigError `holdfast.worker.config-invalid` that names every mistake, those of the Avro converters among them. */
export function parseWorkerSettings(raw: Raw): WorkerConfig {
  const defaults = workerDefaultProblems(raw);
  return parseWorkerConfig(raw, [...defaults, ...avroProblems(raw, new Set(defaults.map(({ key }) => key)))]);
}

function avroProblems(raw: Raw, told: ReadonlySet<string>): ConfigProblem[] {
  return (['key', 'value'] as const).flatMap((type) => {
    if (!AVRO.includes(raw[`${type}.converter`]?.trim() ?? '')) return [];
    const prefix = `${type}.converter.`;
    const own = withPrefix(raw, prefix);
    const isOwn = (key: string): boolean => Object.hasOwn(registryConfigOf(own), key);
    return converterProblems(new AvroConverter(), withRegistryDefaults(raw, own), type, prefix).filter(({ key }) => {
      const name = key.slice(prefix.length);
      return isOwn(name) || !(told.has(name) || told.has(`schema.registry.${name}`));
    });
  });
}
