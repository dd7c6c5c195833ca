/** Opens the schema store that the worker's settings name: a file, or a topic of the worker's broker. */
import { join, resolve } from 'node:path';
import type { Broker, ClientSettings } from '../broker/ports.ts';
import type { Clock } from '../foundation/clock.ts';
import { Deferred } from '../foundation/deferred.ts';
import type { Logger } from '../foundation/logger.ts';
import { SchemaStore } from '../registry/schema-store.ts';
import { isConnectionKey } from '../runtime/config/top-level-client-keys.ts';
import { withPrefix } from '../runtime/config/with-prefix.ts';
import { invalidWorkerConfig, type WorkerConfig } from '../runtime/config/worker-config.ts';
import { FileCompactedLog } from '../storage/file-compacted-log.ts';
import { TopicCompactedLog } from '../storage/topic-compacted-log.ts';

export interface OpenedSchemaStore {
  readonly store: SchemaStore;
  /**
   * Before that the store knows less than it will: resolves when it was read, can't be, or takes longer than schema.store.load.timeout.ms
   * while the broker is there. Never rejects.
   */
  readonly ready: Promise<void>;
  /** Nothing has to wait for `ready` any more. */
  readonly isReady: () => boolean;
}

export interface OpenSchemaStoreOptions {
  readonly config: WorkerConfig;
  /** Where the store is when no setting says so. */
  readonly defaultFolder: string;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A file may grow to that while it is not rewritten, whatever is alive in it. */
const MIN_FILE_BYTES = 256 * 1024 * 1024;

/**
 * A file is read before this resolves. A topic is waited for as long as its broker answers and `schema.store.load.timeout.ms` is not over:
 * an away broker keeps no worker from starting, the store fills when it is back.
 *
 * @throws ConfigError for settings that contradict, a file that can't be read, or a topic that is found to be unfit while it is waited for.
 */
export async function openSchemaStore(options: OpenSchemaStoreOptions): Promise<OpenedSchemaStore> {
  const { values } = options.config;
  const topic = values['schema.store.topic'];
  const folder = values['schema.store.dir'];
  if (topic !== null && folder !== null) {
    const message =
      'schema.store.topic and schema.store.dir are both set; the store is in one place. Remove one of them.';
    throw invalidWorkerConfig([{ key: 'schema.store.topic', message }]);
  }
  const limits = { maxEntries: values['schema.store.max.entries'], maxBytes: values['schema.store.max.bytes'] };
  if (topic !== null) return openInTopic(options, topic, limits);
  const log = new FileCompactedLog({
    file: join(resolve(folder ?? options.defaultFolder), 'schemas.log'),
    logger: options.logger,
    maxBytes: Math.max(MIN_FILE_BYTES, 4 * limits.maxBytes),
  });
  const store = await SchemaStore.open({ log, logger: options.logger, ...limits });
  return { store, ready: Promise.resolve(), isReady: () => true };
}

async function openInTopic(
  options: OpenSchemaStoreOptions,
  topic: string,
  limits: { readonly maxEntries: number; readonly maxBytes: number },
): Promise<OpenedSchemaStore> {
  const { config, broker, clock, logger } = options;
  const timeoutMs = config.values['schema.store.load.timeout.ms'];
  const brokerAway = new Deferred();
  const ready = new Deferred();
  const timer = new LoadTimer({ clock, timeoutMs, onOver: () => ready.resolve() });
  const log = new TopicCompactedLog({
    broker,
    topic,
    replicationFactor: config.values['schema.store.replication.factor'],
    setting: 'schema.store.topic',
    settings: {
      admin: clientSettings(config, 'admin'),
      producer: clientSettings(config, 'producer'),
      consumer: clientSettings(config, 'consumer'),
    },
    clock,
    logger,
    onAvailability: ({ available, reason }) => {
      timer.runs(available && !ready.settled);
      if (available || ready.settled || brokerAway.settled) return;
      logger.warn('The broker is away; the schema store is read when it is back', { topic, reason });
      brokerAway.resolve();
    },
  });
  const { store, loaded } = SchemaStore.begin({ log, logger, ...limits });
  timer.runs(true);
  // Until the worker runs, what is wrong with the topic ends it; after that it is a line in the log.
  let starting = true;
  let failure: unknown;
  loaded
    .catch((err: unknown) => {
      if (starting) failure = err;
      else if ((err as Error).name !== 'AbortError') {
        logger.error('The schema store can not be read or written; nothing is kept over a restart', { topic, err });
      }
    })
    .finally(() => {
      timer.runs(false);
      ready.resolve();
    });
  await Promise.race([ready.promise, brokerAway.promise]);
  starting = false;
  if (failure !== undefined) {
    await log.close();
    throw failure;
  }
  return { store, ready: ready.promise, isReady: () => ready.settled };
}

/** Counts only while the broker is there: without it nothing flows that the store could hold up. */
class LoadTimer {
  private readonly options: { readonly clock: Clock; readonly timeoutMs: number; readonly onOver: () => void };
  private running: { cancel(): void } | undefined;

  constructor(options: { readonly clock: Clock; readonly timeoutMs: number; readonly onOver: () => void }) {
    this.options = options;
  }

  runs(run: boolean): void {
    const { clock, timeoutMs, onOver } = this.options;
    if (!run) this.running?.cancel();
    if (run === (this.running !== undefined)) return;
    this.running = run ? clock.setTimer(onOver, timeoutMs, { unref: true }) : undefined;
  }
}

/** As Kafka Connect's own topics: the worker's settings without a prefix; of those with one what lets a client in. */
function clientSettings(config: WorkerConfig, client: 'admin' | 'producer' | 'consumer'): ClientSettings {
  const security = (settings: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(settings).filter(([key]) => isConnectionKey(key)));
  return {
    ...security(config.raw),
    ...security(withPrefix(config.raw, `${client}.`)),
    'bootstrap.servers': config.values['bootstrap.servers'].join(','),
    'client.id': `${config.values['client.id']}schema-store-${client}`,
  };
}
