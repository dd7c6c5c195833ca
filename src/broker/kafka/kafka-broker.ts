import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { IllegalStateError } from '../../sdk/errors/index.ts';
import type { LogReader } from '../log-reader.ts';
import { PassingLogReader } from '../passing-log-reader.ts';
import type {
  Admin,
  Broker,
  ClientOptions,
  ClientSettings,
  Fetcher,
  GroupMember,
  GroupMemberOptions,
  Producer,
  ProtocolMember,
  ProtocolMemberOptions,
} from '../ports.ts';
import type { ClientKind } from './client-config-def.ts';
import { Cluster } from './cluster.ts';
import { KafkaAdmin } from './kafka-admin.ts';
import { CLIENT_CLOSED } from './kafka-errors.ts';
import { KafkaFetcher } from './kafka-fetcher.ts';
import { KafkaGroupMember } from './kafka-group-member.ts';
import { KafkaLogSource } from './kafka-log-source.ts';
import { KafkaProducer } from './kafka-producer.ts';
import { KafkaProtocolMember } from './kafka-protocol-member.ts';
import { type KafkaSettings, parseKafkaSettings } from './kafka-settings.ts';
import { TokenSource } from './sasl/token-source.ts';

export interface KafkaBrokerOptions {
  /** `host:port,host:port`, for clients whose settings name none. */
  readonly bootstrapServers: string;
  /** For every client; a client's own settings come first. */
  readonly settings?: ClientSettings;
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * Clients of a real Kafka cluster (2.4 or later). Nothing is connected before a client is made and used; making one throws ConfigError
 * `holdfast.broker.settings` for settings that can't work. Each client has connections of its own.
 */
export function createKafkaBroker(options: KafkaBrokerOptions): Broker {
  return new KafkaBroker(options);
}

/** What a producer that nobody closed gets to finish what is in flight. */
const CLOSE_MS = 5_000;

class KafkaBroker implements Broker {
  readonly kind = 'kafka';
  private readonly options: KafkaBrokerOptions;
  private readonly clients = new Set<{ close(): Promise<void> }>();
  /** By what they are asked with: clients of one identity share a token. */
  private readonly tokens = new Map<string, TokenSource>();
  private closed = false;

  constructor(options: KafkaBrokerOptions) {
    this.options = options;
  }

  producer(options: ClientOptions): Producer {
    return this.make('producer', options, (settings, dependencies, onClose) => {
      const cluster = new Cluster({ ...dependencies, settings: settings.cluster, autoCreateTopics: true });
      return new KafkaProducer({ cluster, settings: settings.producer, logger: dependencies.logger, onClose });
    });
  }

  fetcher(options: ClientOptions): Fetcher {
    return this.make('consumer', options, (settings, dependencies, onClose) => {
      const { autoCreateTopics } = settings.fetcher;
      const cluster = new Cluster({ ...dependencies, settings: settings.cluster, autoCreateTopics });
      return new KafkaFetcher({ cluster, settings: settings.fetcher, logger: dependencies.logger, onClose });
    });
  }

  logReader(options: ClientOptions): LogReader {
    return this.make('consumer', options, (settings, dependencies, onClose) => {
      const cluster = new Cluster({ ...dependencies, settings: settings.cluster, autoCreateTopics: false });
      return new PassingLogReader({ source: new KafkaLogSource({ cluster }), onClose });
    });
  }

  groupMember(options: GroupMemberOptions): GroupMember {
    return this.make('consumer', options, (settings, dependencies, onClose) => {
      const { autoCreateTopics } = settings.group;
      const cluster = new Cluster({ ...dependencies, settings: settings.cluster, autoCreateTopics });
      const { groupId, subscription, listener } = options;
      return new KafkaGroupMember({
        cluster,
        settings: settings.group,
        logger: dependencies.logger,
        groupId,
        subscription,
        listener,
        onClose,
      });
    });
  }

  protocolMember(options: ProtocolMemberOptions): ProtocolMember {
    return this.make('consumer', options, (settings, dependencies, onClose) => {
      const cluster = new Cluster({ ...dependencies, settings: settings.cluster, autoCreateTopics: false });
      const { groupId, protocol } = options;
      const { logger } = dependencies;
      return new KafkaProtocolMember({ cluster, settings: settings.group, logger, groupId, protocol, onClose });
    });
  }

  admin(options: ClientOptions): Admin {
    return this.make('admin', options, (settings, dependencies, onClose) => {
      const cluster = new Cluster({ ...dependencies, settings: settings.cluster, autoCreateTopics: false });
      return new KafkaAdmin({ cluster, onClose });
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(
      [...this.clients].map((client) => (client instanceof KafkaProducer ? client.close(CLOSE_MS) : client.close())),
    );
  }

  private make<T extends { close(): Promise<void> }>(
    kind: ClientKind,
    { settings: own, written, logger: named, onAvailability }: ClientOptions,
    create: (
      settings: KafkaSettings,
      dependencies: Pick<ConstructorParameters<typeof Cluster>[0], 'logger' | 'clock' | 'onAvailability'>,
      onClose: () => void,
    ) => T,
  ): T {
    if (this.closed)
      throw new IllegalStateError('The broker was closed; it makes no more clients.', { code: CLIENT_CLOSED });
    const { bootstrapServers, settings: shared, clock } = this.options;
    const settings = this.withTokens(
      parseKafkaSettings({ ...shared, ...own }, { kind, bootstrapServers, logger: named, written: written ?? {} }),
    );
    const logger = named.child({ clientId: settings.clientId });
    const client = create(settings, { logger, clock, onAvailability }, () => this.clients.delete(client));
    this.clients.add(client);
    return client;
  }

  private withTokens(settings: KafkaSettings): KafkaSettings {
    const { connection } = settings.cluster;
    if (connection.sasl?.mechanism !== 'oauthbearer') return settings;
    const key = JSON.stringify(connection.sasl.oauth);
    const tokens =
      this.tokens.get(key) ?? new TokenSource({ settings: connection.sasl.oauth, clock: this.options.clock });
    this.tokens.set(key, tokens);
    return { ...settings, cluster: { ...settings.cluster, connection: { ...connection, tokens } } };
  }
}
