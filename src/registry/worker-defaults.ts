/** What is wrong with the registry settings that a worker gives as defaults of all converters. */
import type { ConfigProblem } from '../sdk/errors/index.ts';
import { problemsOf } from '../sdk/errors/problems-of.ts';
import { REGISTRY_CONFIG, RELEASE_CONFIG } from './registry-config.ts';
import { isWorkerDefault, registryConfigOf } from './registry-keys.ts';
import { parseRegistrySettings } from './registry-settings.ts';

type Config = Readonly<Record<string, string>>;

/** Where a converter can't make good what the worker has wrong; user and password, for example, it may still add. */
const FOR_ALL = /^(schema\.registry\.|proxy\.|request\.header\.)/;
const ANY_REGISTRY = 'http://registry:8081';

/** One mistake per key, under the name that the worker gave it. No message repeats a secret. */
export function workerDefaultProblems(worker: Config): ConfigProblem[] {
  const given = Object.fromEntries(Object.entries(worker).filter(([key]) => isWorkerDefault(key)));
  const config = registryConfigOf(given);
  const found = new Map<string, string>();
  for (const { name, errorMessages } of [...REGISTRY_CONFIG.validate(config), ...RELEASE_CONFIG.validate(given)]) {
    const [message] = errorMessages;
    if (message !== undefined && (Object.hasOwn(config, name) || Object.hasOwn(given, name))) found.set(name, message);
  }
  const sound = Object.fromEntries(Object.entries(config).filter(([key]) => !found.has(key)));
  const together = { 'schema.registry.url': ANY_REGISTRY, ...sound };
  for (const { key, message } of problemsOf(() => parseRegistrySettings(together))) {
    if (FOR_ALL.test(key) && Object.hasOwn(config, key) && !found.has(key)) found.set(key, message);
  }
  return [...found].map(([key, message]) => ({
    key: Object.hasOwn(given, key) ? key : `schema.registry.${key}`,
    message,
  }));
}
