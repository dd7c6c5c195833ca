/** Puts the values of config providers in place of `${provider:[path:]key}`. Kafka Connect 4.1.1, ConfigTransformer (KIP-297). */
import { type Clock, systemClock } from '../../../foundation/clock.ts';
import type { Logger } from '../../../foundation/logger.ts';
import type { ConfigData, ConfigProvider } from '../../../sdk/config-provider.ts';
import { ConnectError } from '../../../sdk/errors/connect-error.ts';
import { messageOf } from '../../../sdk/errors/readable-error.ts';
import { PROVIDER_FAILED } from '../providers/provider-failed.ts';
import { providerCall } from './provider-call.ts';
import { type FoundVariable, type RawConfig, ResolvedVariables } from './resolved-variables.ts';
import { type Variable, variablesIn, variableText, withValues } from './variable-syntax.ts';

/** How long a provider may take. A request for a configuration waits at most 90 s. */
const GET_TIMEOUT_MS = 30_000;
/** And one that does not hear its signal. */
const GET_LIMIT_MS = GET_TIMEOUT_MS + 1_000;
/** The end of the worker waits for it. */
const CLOSE_LIMIT_MS = 5_000;

export interface ConfigVariablesOptions {
  /** By the names in `config.providers`. */
  readonly providers: ReadonlyMap<string, ConfigProvider>;
  readonly logger: Logger;
  readonly clock?: Clock;
}

export class ConfigVariables {
  private readonly providers: ReadonlyMap<string, ConfigProvider>;
  private readonly logger: Logger;
  private readonly clock: Clock;

  constructor(options: ConfigVariablesOptions) {
    this.providers = options.providers;
    this.logger = options.logger;
    this.clock = options.clock ?? systemClock;
  }

  /**
   * Every value once. A variable of an unknown provider, or whose key its provider does not have, stays as it is.
   * @param failed told of each path that a provider fails at, whose variables stay as they are too; without it, the first failure is thrown
   * @throws what a provider throws
   */
  async resolve(
    raw: RawConfig,
    signal: AbortSignal = AbortSignal.timeout(GET_TIMEOUT_MS),
    failed?: (variables: Omit<Variable, 'key'>, error: unknown) => void,
  ): Promise<ResolvedVariables> {
    const wanted = new Map<string, Map<string, Set<string>>>();
    for (const value of Object.values(raw)) {
      for (const { provider, path, key } of variablesIn(value ?? '')) {
        if (!this.providers.has(provider)) continue;
        const paths = wanted.get(provider) ?? new Map<string, Set<string>>();
        wanted.set(provider, paths.set(path, (paths.get(path) ?? new Set()).add(key)));
      }
    }
    const found: FoundVariable[] = [];
    const values = new Map<string, string>();
    const told = new Set<string>();
    for (const [provider, paths] of wanted) {
      for (const [path, keys] of paths) {
        const { data, ttlMs } = await this.get(provider, path, [...keys], signal).catch(
          (error: unknown): ConfigData => {
            if (failed === undefined) throw error;
            failed({ provider, path }, error);
            for (const key of keys) told.add(idOf({ provider, path, key }));
            return { data: {} };
          },
        );
        for (const key of keys) {
          const value = Object.hasOwn(data, key) ? data[key] : undefined;
          if (value === undefined) continue;
          values.set(idOf({ provider, path, key }), value);
          found.push({ provider, path, key, value, ...(ttlMs === undefined ? {} : { ttlMs }) });
        }
      }
    }
    const config: Record<string, string | null> = {};
    const unresolved: Record<string, string> = {};
    for (const [name, value] of Object.entries(raw)) {
      const missing: Variable[] = [];
      config[name] =
        value === null
          ? null
          : withValues(value, (variable) => {
              const found = values.get(idOf(variable));
              if (found === undefined && !told.has(idOf(variable))) missing.push(variable);
              return found;
            });
      if (missing.length > 0) unresolved[name] = this.whyUnresolved(missing);
    }
    return new ResolvedVariables({ raw, config, found, unresolved });
  }

  /** Invariant 8: text that no provider answers for may be a part of a secret that only looks like a variable, and is not quoted. */
  private whyUnresolved(missing: readonly Variable[]): string {
    const ours = missing.filter(({ provider }) => this.providers.has(provider));
    if (ours.length === 0) return 'its config provider is not in config.providers';
    return `${ours.map(variableText).join(', ')}: the config provider has no such key`;
  }

  /** Asks one provider. @throws what it throws, as a ConnectError with its message */
  async get(provider: string, path: string, keys: readonly string[], signal: AbortSignal): Promise<ConfigData> {
    try {
      const answer = await providerCall({ provider, method: 'get', limitMs: GET_LIMIT_MS, clock: this.clock }, () =>
        this.providers.get(provider)?.get(path, keys, signal),
      );
      return answer ?? { data: {} };
    } catch (cause) {
      if (cause instanceof ConnectError && !('problems' in cause)) throw cause;
      // With Kafka Connect's message and status, whatever kind it was: the configuration itself may be right.
      throw new ConnectError(messageOf(cause), { code: PROVIDER_FAILED, cause });
    }
  }

  /** Has itself told of changes, where the provider can tell. Returns how to end it. */
  subscribe(provider: string, path: string, keys: readonly string[], onChange: () => void): () => void {
    const target = this.providers.get(provider);
    if (target?.subscribe === undefined) return () => {};
    try {
      target.subscribe(path, keys, onChange);
    } catch (error) {
      this.logger.warn('A config provider takes no subscription; its changes are noticed at the next start only.', {
        provider,
        path,
        err: error,
      });
    }
    return () => {
      try {
        target.unsubscribe?.(path);
      } catch (error) {
        this.logger.debug('A config provider could not end a subscription.', { provider, path, err: error });
      }
    };
  }

  async close(): Promise<void> {
    for (const [name, provider] of this.providers) {
      try {
        await providerCall({ provider: name, method: 'close', limitMs: CLOSE_LIMIT_MS, clock: this.clock }, () =>
          provider.close?.(),
        );
      } catch (error) {
        this.logger.warn('A config provider could not be closed.', { provider: name, err: error });
      }
    }
  }
}

function idOf({ provider, path, key }: Variable): string {
  return `${provider}\0${path}\0${key}`;
}
