/** Makes the providers that `config.providers` names. Kafka Connect 4.1.1 (KIP-297). */
import { type Clock, systemClock } from '../../../foundation/clock.ts';
import type { Logger } from '../../../foundation/logger.ts';
import type { ConfigProvider } from '../../../sdk/config-provider.ts';
import { ConfigError, type ConfigProblem } from '../../../sdk/errors/kinds.ts';
import { messageOf } from '../../../sdk/errors/readable-error.ts';
import type { Plugins } from '../../plugins/plugins.ts';
import { listOf } from '../alias-list.ts';
import { PROVIDER_INVALID } from '../providers/allowed-paths.ts';
import { withPrefix } from '../with-prefix.ts';
import { ConfigVariables } from './config-variables.ts';
import { providerCall } from './provider-call.ts';
import { variablesIn, variableText } from './variable-syntax.ts';

/** In milliseconds; the worker does not start before. */
const CONFIGURE_LIMIT_MS = 30_000;

/** @throws ConfigError `holdfast.config-provider.invalid` or `holdfast.plugin.not-found` that names every setting at fault */
export async function openVariables(options: {
  /** Of the worker, as given. */
  readonly settings: Readonly<Record<string, string>>;
  readonly plugins: Plugins;
  readonly logger: Logger;
  readonly clock?: Clock;
}): Promise<ConfigVariables> {
  const { settings, plugins, logger, clock = systemClock } = options;
  const providers = new Map<string, ConfigProvider>();
  const failures: ConfigError[] = [];
  for (const name of listOf(settings['config.providers'])) {
    try {
      providers.set(name, await openProvider(name, { settings, plugins, logger, clock }));
    } catch (error) {
      if (error instanceof ConfigError) failures.push(error);
      else throw error;
    }
  }
  const variables = new ConfigVariables({ providers, logger, clock });
  const [first] = failures;
  if (first === undefined) return variables;
  await variables.close();
  if (failures.length === 1) throw first;
  throw new ConfigError(
    `${failures.length} config providers can't be used:\n  ${failures.map(({ message }) => message).join('\n  ')}`,
    { code: PROVIDER_INVALID, cause: first },
  );
}

async function openProvider(
  name: string,
  {
    settings,
    plugins,
    logger,
    clock,
  }: {
    readonly settings: Readonly<Record<string, string>>;
    readonly plugins: Plugins;
    readonly logger: Logger;
    readonly clock: Clock;
  },
): Promise<ConfigProvider> {
  const key = `config.providers.${name}.class`;
  const className = settings[key]?.trim();
  if (className === undefined || className === '') {
    throw new ConfigError(`Missing required configuration "${key}" which has no default value.`, {
      code: PROVIDER_INVALID,
    });
  }
  const desc = plugins.get(['config_provider'], className);
  try {
    const provider = new desc.create() as ConfigProvider;
    await providerCall({ provider: name, method: 'configure', limitMs: CONFIGURE_LIMIT_MS, clock }, () =>
      provider.configure?.(withPrefix(settings, `config.providers.${name}.param.`), {
        logger: logger.child({ name: `config-provider.${name}` }),
      }),
    );
    return provider;
  } catch (cause) {
    throw new ConfigError(`The config provider ${name} can't be used: ${messageOf(cause)}`, {
      code: PROVIDER_INVALID,
      cause,
    });
  }
}

/**
 * The worker's settings with the values of their variables, as they are at its start. `plugin.path` and the providers themselves are taken
 * as written. Settings whose provider fails are among the problems, each under its name, and stay as they are.
 */
export async function resolveWorkerSettings(settings: Readonly<Record<string, string>>, variables: ConfigVariables) {
  const isWritten = (key: string): boolean => key === 'plugin.path' || /^config\.providers(\.|$)/.test(key);
  const open = Object.fromEntries(Object.entries(settings).filter(([key]) => !isWritten(key)));
  const problems: ConfigProblem[] = [];
  const resolved = await variables.resolve(open, undefined, ({ provider, path }, error) => {
    for (const [key, text] of Object.entries(open)) {
      const used = variablesIn(text).filter((variable) => variable.provider === provider && variable.path === path);
      if (used.length === 0) continue;
      const written = [...new Set(used.map(variableText))].join(', ');
      problems.push({ key, message: `${key}: ${written} can't be looked up: ${reasonOf(error)}` });
    }
  });
  return { settings: { ...settings, ...(resolved.config as Record<string, string>) }, resolved, problems };
}

/** With the file system's reason, if it is one: other causes are the provider's own, and may say what is nobody's business. */
function reasonOf(error: unknown): string {
  const message = messageOf(error);
  const { cause } = error as { readonly cause?: Partial<NodeJS.ErrnoException> };
  return typeof cause?.syscall === 'string' ? `${message} (${cause.code})` : message;
}
