/** Makes the providers that `config.providers` names. Kafka Connect 4.1.1 (KIP-297). */
import { type Clock, systemClock } from '../../../foundation/clock.ts';
import type { Logger } from '../../../foundation/logger.ts';
import type { ConfigProvider } from '../../../sdk/config-provider.ts';
import { ConfigError } from '../../../sdk/errors/kinds.ts';
import { messageOf } from '../../../sdk/errors/readable-error.ts';
import type { Plugins } from '../../plugins/plugins.ts';
import { listOf } from '../alias-list.ts';
import { PROVIDER_INVALID } from '../providers/allowed-paths.ts';
import { withPrefix } from '../with-prefix.ts';
import { ConfigVariables } from './config-variables.ts';
import { providerCall } from './provider-call.ts';

/** In milliseconds; the worker does not start before. */
const CONFIGURE_LIMIT_MS = 30_000;

/** @throws ConfigError `holdfast.config-provider.invalid` or `holdfast.plugin.not-found` that names the setting at fault */
export async function openVariables(options: {
  /** Of the worker, as given. */
  readonly settings: Readonly<Record<string, string>>;
  readonly plugins: Plugins;
  readonly logger: Logger;
  readonly clock?: Clock;
}): Promise<ConfigVariables> {
  const { settings, plugins, logger, clock = systemClock } = options;
  const providers = new Map<string, ConfigProvider>();
  for (const name of listOf(settings['config.providers'])) {
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
      providers.set(name, provider);
    } catch (cause) {
      await new ConfigVariables({ providers, logger, clock }).close();
      throw new ConfigError(`The config provider ${name} can't be used: ${messageOf(cause)}`, {
        code: PROVIDER_INVALID,
        cause,
      });
    }
  }
  return new ConfigVariables({ providers, logger, clock });
}

/**
 * The worker's settings with the values of their variables, as they are at its start. `plugin.path` and the providers themselves are taken
 * as written.
 * @throws what a provider throws
 */
export async function resolveWorkerSettings(settings: Readonly<Record<string, string>>, variables: ConfigVariables) {
  const isWritten = (key: string): boolean => key === 'plugin.path' || /^config\.providers(\.|$)/.test(key);
  const open = Object.fromEntries(Object.entries(settings).filter(([key]) => !isWritten(key)));
  const resolved = await variables.resolve(open);
  return { settings: { ...settings, ...(resolved.config as Record<string, string>) }, resolved };
}
