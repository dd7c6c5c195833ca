/** What a command of `holdfast schemas` works with: brokers, places, temporary folders, output. All of it ends with the command. */
import { rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createEmbeddedBroker } from '../../broker/embedded/embedded-broker.ts';
import { createKafkaBroker } from '../../broker/kafka/kafka-broker.ts';
import type { Broker, ClientSettings } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { SecretRegistry } from '../../foundation/secret-registry.ts';
import { temporaryFolder } from '../../recovery/backup/temporary-folder.ts';
import { openNodes, type RegistryNodes } from '../../recovery/rest/open-nodes.ts';
import { parseHttpUrl } from '../../registry/registry-urls.ts';
import { secretsOf } from '../../runtime/config/variables/secret-settings.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import { FILE_UNREADABLE, readPropertiesFile } from '../connector-file.ts';
import { UsageError } from '../exit-codes.ts';
import type { OpenedParts } from '../opened-parts.ts';
import type { CommonOptions } from './common-options.ts';
import type { Progress } from './progress.ts';

const EMBEDDED = 'embedded:';

export interface RegistryAddress {
  /** As written, so with credentials where they stand in them: not to be shown. */
  readonly urls: readonly string[];
  /** Of --registry-config, in Confluent's names. */
  readonly settings: Readonly<Record<string, string>>;
}

export class SchemasSession {
  readonly options: CommonOptions;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly secrets: SecretRegistry;
  private readonly parts: OpenedParts;
  private readonly brokers = new Map<string, Promise<Broker>>();

  constructor(options: {
    readonly options: CommonOptions;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly signal: AbortSignal;
    readonly progress: Progress;
    readonly secrets: SecretRegistry;
    readonly parts: OpenedParts;
  }) {
    this.options = options.options;
    this.clock = options.clock;
    this.logger = options.logger;
    this.signal = options.signal;
    this.progress = options.progress;
    this.secrets = options.secrets;
    this.parts = options.parts;
  }

  get hasBroker(): boolean {
    return this.options.bootstrapServers !== undefined;
  }

  /**
   * One broker for each list of servers, closed at the end.
   * @param servers of a place that names its own, for which the settings of --target-config hold, if there are; those of --bootstrap-servers
   *   with the settings of --command-config unless told
   * @throws UsageError where neither is told; ConfigError
   */
  broker(servers?: string): Promise<Broker> {
    const { bootstrapServers, commandConfig, targetConfig = commandConfig } = this.options;
    return this.brokerOf(servers ?? bootstrapServers, servers === undefined ? commandConfig : targetConfig);
  }

  private brokerOf(servers: string | undefined, config: string | undefined): Promise<Broker> {
    if (servers === undefined) {
      throw new UsageError('This needs a Kafka: give --bootstrap-servers host:port, or embedded:DIR.');
    }
    const key = servers.startsWith(EMBEDDED) ? servers : JSON.stringify([servers, config]);
    const known = this.brokers.get(key);
    if (known !== undefined) return known;
    const opened = this.openBroker(servers, config);
    this.brokers.set(key, opened);
    return opened;
  }

  /** undefined: without --registry. */
  async registry(): Promise<RegistryAddress | undefined> {
    const { registry, registryConfig } = this.options;
    if (registry === undefined) return undefined;
    const urls = registry
      .split(',')
      .map((url) => url.trim())
      .filter((url) => url !== '');
    if (urls.length === 0 || urls.some((url) => parseHttpUrl(url) === undefined)) {
      // Without what was given: a password may stand in it.
      throw new UsageError('--registry must be http://host:port[,http://host:port...], with a URL for each node.');
    }
    this.secrets.add(secretsOf({ 'schema.registry.url': registry }));
    const settings = registryConfig === undefined ? {} : await this.properties(registryConfig);
    return { urls, settings };
  }

  /**
   * The nodes of --registry; undefined without it.
   * @param giveUpAfterMs how long one that gives no answer is asked again
   * @throws ConfigError
   */
  async nodes(giveUpAfterMs?: number): Promise<RegistryNodes | undefined> {
    const address = await this.registry();
    if (address === undefined) return undefined;
    const { urls, settings: properties } = address;
    const { clock, logger } = this;
    const nodes = openNodes({
      ...{ urls, properties, clock, logger: logger.child({ name: 'registry' }) },
      ...(giveUpAfterMs === undefined ? {} : { giveUpAfterMs }),
    });
    this.parts.add(() => nodes.close());
    return nodes;
  }

  /** Removed at the end, after a signal too. */
  async temporaryFolder(): Promise<string> {
    const folder = await temporaryFolder();
    this.parts.add(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }

  /** Called at the end, the last one first. */
  atEnd(close: () => Promise<unknown>): void {
    this.parts.add(close);
  }

  /** The result, on stdout. Call it once. */
  print(result: { readonly json: unknown; readonly text: readonly string[] }): void {
    this.progress.clear();
    console.log(this.options.json ? JSON.stringify(result.json, null, 2) : result.text.join('\n'));
  }

  /** What a person should see beside the result, on stderr. */
  note(text: string): void {
    this.progress.clear();
    console.error(text);
  }

  private async openBroker(servers: string, config: string | undefined): Promise<Broker> {
    const { clock } = this;
    const logger = this.logger.child({ name: 'broker' });
    const broker = servers.startsWith(EMBEDDED)
      ? await createEmbeddedBroker({ dir: await existing(servers.slice(EMBEDDED.length)), clock, logger })
      : createKafkaBroker({ bootstrapServers: servers, settings: await this.clientSettings(config), logger, clock });
    this.parts.add(() => broker.close());
    return broker;
  }

  private clientSettings(config: string | undefined): Promise<ClientSettings> {
    return config === undefined ? Promise.resolve({}) : this.properties(config);
  }

  private async properties(path: string): Promise<Readonly<Record<string, string>>> {
    const settings = await readPropertiesFile(path, this.logger);
    // Invariant 8: before anything is done with them.
    this.secrets.add(secretsOf(settings));
    return settings;
  }
}

/** The embedded broker would make a folder that is not there, and find an empty registry in it. */
async function existing(path: string): Promise<string> {
  const dir = resolve(path);
  const refuse = (reason: string, cause?: unknown): ConfigError =>
    new ConfigError(
      `The folder ${dir} of ${EMBEDDED}${path} can't be used: ${reason}. Name the folder of a worker's embedded broker.`,
      { code: FILE_UNREADABLE, cause },
    );
  const found = await stat(dir).catch((cause: NodeJS.ErrnoException) => {
    throw refuse(cause.message, cause);
  });
  if (!found.isDirectory()) throw refuse('it is a file');
  return dir;
}
