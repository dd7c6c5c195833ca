/** From settings as they are written to what a worker runs with: its plugins, its config providers, their values. */

import { systemClock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { maskingLogger } from '../foundation/masking-logger.ts';
import { SecretRegistry } from '../foundation/secret-registry.ts';
import { ClassNames } from '../runtime/config/class-names.ts';
import { passwordKeysOf } from '../runtime/config/password-keys.ts';
import { isAskedHere, PluginDefinitions } from '../runtime/config/plugin-definitions.ts';
import type { ConfigVariables } from '../runtime/config/variables/config-variables.ts';
import { openVariables, resolveWorkerSettings } from '../runtime/config/variables/open-variables.ts';
import type { ResolvedVariables } from '../runtime/config/variables/resolved-variables.ts';
import { secretsOf } from '../runtime/config/variables/secret-settings.ts';
import { hasVariable } from '../runtime/config/variables/variable-syntax.ts';
import { invalidWorkerConfig, type WorkerConfig } from '../runtime/config/worker-config.ts';
import { ISOLATIONS, type Isolation } from '../runtime/host/isolation.ts';
import { tryImports } from '../runtime/plugins/import-trial.ts';
import { Plugins } from '../runtime/plugins/plugins.ts';
import { ConfigError, type ConfigProblem } from '../sdk/errors/kinds.ts';
import { builtInPlugins, packageOfBuiltIn } from './built-in-plugins.ts';
import { parseWorkerSettings } from './worker-settings.ts';

export interface PreparedSettings {
  /** With the values of config providers. Not to be shown. */
  readonly config: WorkerConfig;
  readonly plugins: Plugins;
  readonly variables: ConfigVariables;
  readonly secrets: SecretRegistry;
}

interface PrepareOptions {
  readonly settings: Readonly<Record<string, string>>;
  readonly pluginModules?: readonly string[];
  readonly logger: Logger;
}

/** @throws ConfigError that names every mistake; what a config provider throws. Then nothing is left open, and no secret shows. */
export async function prepareSettings(options: PrepareOptions): Promise<PreparedSettings> {
  const secrets = new SecretRegistry();
  // Plugins and config providers are opened with them, and may fail before all settings are known.
  secrets.hold('worker', secretsOf(options.settings));
  try {
    return await prepare(options, secrets);
  } catch (error) {
    throw secrets.maskAll(error);
  }
}

async function prepare(options: PrepareOptions, secrets: SecretRegistry): Promise<PreparedSettings> {
  const { settings } = options;
  const logger = maskingLogger(options.logger, secrets);
  // As written: a provider may come from there.
  const pluginPath = (settings['plugin.path'] ?? '')
    .split(',')
    .map((folder) => folder.trim())
    .filter((folder) => folder !== '');
  const plugins = await Plugins.discover({
    builtIn: [...builtInPlugins(), ...(options.pluginModules ?? [])],
    packageOf: packageOfBuiltIn,
    pluginPath,
    // As written, too; what it may be is checked with the other settings.
    discovery: (settings['plugin.discovery'] ?? 'hybrid_warn').trim().toLowerCase(),
    // With tasks in threads no plugin is to hold up this one.
    ...(isolationOf(settings) === 'inline'
      ? {}
      : { tryImports: (modules: readonly string[]) => tryImports(modules, { clock: systemClock, logger }) }),
    logger,
  });
  // Mistakes in settings without providers are named first, and all together.
  if ((settings['config.providers'] ?? '').trim() === '') {
    const config = parseWorkerSettings(settings);
    hold(secrets, plugins, config.raw, {});
    const none = await openVariables({ settings, plugins, logger });
    warnOfUnresolved((await resolveWorkerSettings(settings, none)).resolved, logger);
    return { config, plugins, variables: none, secrets };
  }
  const variables = await openVariables({ settings, plugins, logger }).catch((error: unknown) => {
    throw withOtherMistakes(error, settings);
  });
  try {
    const { settings: resolvedSettings, resolved, problems } = await resolveWorkerSettings(settings, variables);
    warnOfUnresolved(resolved, logger);
    hold(secrets, plugins, resolvedSettings, resolved);
    return {
      config: parsed(resolvedSettings, problems, (message, key) => resolved.hide(message, key)),
      plugins,
      variables,
      secrets,
    };
  } catch (error) {
    await variables.close();
    throw error;
  }
}

/** What keeps config providers from being opened, with the mistakes in settings that ask none of them. */
function withOtherMistakes(error: unknown, settings: Readonly<Record<string, string>>): unknown {
  if (!(error instanceof ConfigError)) return error;
  try {
    parseWorkerSettings(settings);
    return error;
  } catch (others) {
    if (!(others instanceof ConfigError)) return error;
    const problems = others.problems.filter(({ key }) => !hasVariable(settings[key] ?? ''));
    if (problems.length === 0) return error;
    return invalidWorkerConfig([{ key: 'config.providers', message: error.message }, ...problems]);
  }
}

function warnOfUnresolved({ unresolved }: Pick<ResolvedVariables, 'unresolved'>, logger: Logger): void {
  if (Object.keys(unresolved).length === 0) return;
  logger.warn('Variables of the worker have no value. They are taken as they are written.', { reasons: unresolved });
}

function hold(
  secrets: SecretRegistry,
  plugins: Plugins,
  settings: Readonly<Record<string, string>>,
  resolved: Omit<Parameters<typeof secretsOf>[1] & object, 'passwordKeys'>,
): void {
  const isolation = isolationOf(settings);
  // The others are asked once there are threads to ask them in.
  const definitions = new PluginDefinitions((desc) => isAskedHere(desc, isolation));
  const passwordKeys = passwordKeysOf(settings, { classes: new ClassNames({ plugins }), definitions });
  secrets.hold('worker', secretsOf(settings, { ...resolved, passwordKeys }));
}

/** Of the worker; one that there is not is told of with the other mistakes. */
function isolationOf(settings: Readonly<Record<string, string>>): Isolation {
  return ISOLATIONS.find((each) => each === settings['task.isolation']?.trim().toLowerCase()) ?? 'inline';
}

/**
 * Every mistake in one error, with what could not be looked up. Invariant 8: a mistake in a value that came from a provider does not show
 * the value.
 */
function parsed(
  settings: Readonly<Record<string, string>>,
  failed: readonly ConfigProblem[],
  hide: (message: string, key: string) => string,
): WorkerConfig {
  try {
    const config = parseWorkerSettings(settings);
    if (failed.length === 0) return config;
  } catch (error) {
    if (!(error instanceof ConfigError) || error.problems.length === 0) throw error;
    // What nobody could look up is not wrong for being written as it is.
    const isFailed = new Set(failed.map(({ key }) => key));
    const others = error.problems.filter(({ key }) => !isFailed.has(key));
    throw invalidWorkerConfig([...failed, ...others.map(({ key, message }) => ({ key, message: hide(message, key) }))]);
  }
  throw invalidWorkerConfig(failed);
}
