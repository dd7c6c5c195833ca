/** Where the values behind `${provider:path:key}` in configurations come from. Kafka Connect 4.1.1, config providers (KIP-297). */
import type { Logger } from '../foundation/logger.ts';

/** What a provider found at a path. */
export interface ConfigData {
  /** Values by key. A key that is missing here leaves its variable in the configuration as it stands. */
  readonly data: Readonly<Record<string, string>>;
  /** Ms after which the values have to be asked for again; absent: they hold until the next start of what uses them. */
  readonly ttlMs?: number;
}

/** What a provider is handed by the worker. */
export interface ConfigProviderContext {
  readonly logger: Logger;
}

/**
 * A plugin that looks values up, in a vault say. The worker makes one instance for each name in `config.providers`.
 *
 * Its values are taken for secrets: the worker shows them in no log, status or answer. An error that it throws fails the request that
 * needed the value with the error's message, so that a message must not repeat a secret.
 */
export interface ConfigProvider {
  /** Called once, before anything is asked, with the settings under `config.providers.<name>.param.`. */
  configure?(config: Readonly<Record<string, string>>, context: ConfigProviderContext): void | Promise<void>;
  /**
   * The values of `keys` at `path`, which is empty for `${provider:key}`; of all keys there if `keys` is absent.
   * Called at every start of what uses them, and again when a time to live is over. Other keys in the answer are ignored.
   */
  get(path: string, keys: readonly string[] | undefined, signal: AbortSignal): ConfigData | Promise<ConfigData>;
  /** Has `onChange` called when one of the values may have changed; the worker then asks `get`. At most once for each path at a time. */
  subscribe?(path: string, keys: readonly string[], onChange: () => void): void;
  /** Ends the subscription of the path. */
  unsubscribe?(path: string): void;
  /** The worker stops. */
  close?(): void | Promise<void>;
}
