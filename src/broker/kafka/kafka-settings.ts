import type { Logger } from '../../foundation/logger.ts';
import { DEFAULT_WINDOWS, type SampleWindows } from '../../foundation/sampled-stat.ts';
import { ConfigError, type ConfigProblem } from '../../sdk/errors/index.ts';
import { isStickyAssignor } from '../assignors.ts';
import type { ClientOptions, ClientSettings } from '../ports.ts';
import type { CompressionType } from '../record-batch/codec.ts';
import { CLIENT_CONFIGS, type ClientKind } from './client-config-def.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { CLIENT_SETTINGS_INVALID } from './kafka-errors.ts';
import { saslSettings } from './sasl/sasl-settings.ts';
import { tlsOptions } from './tls-options.ts';

/** What every client needs to know of a cluster. Times in ms. */
export interface ClusterSettings {
  readonly bootstrapServers: readonly { readonly host: string; readonly port: number }[];
  readonly connection: ConnectionSettings;
  readonly requestTimeoutMs: number;
  readonly metadataMaxAgeMs: number;
  readonly reconnectBackoffMs: number;
  readonly reconnectBackoffMaxMs: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
  /** `metrics.sample.window.ms`, `metrics.num.samples` */
  readonly windows: SampleWindows;
}

export interface ProducerSettings {
  readonly batchBytes: number;
  readonly lingerMs: number;
  readonly maxRequestBytes: number;
  readonly bufferBytes: number;
  readonly compression: CompressionType;
  readonly maxInFlight: number;
  /** Infinity unless set. */
  readonly deliveryTimeoutMs: number;
  /** Infinity unless set. */
  readonly maxBlockMs: number;
  readonly retries: number;
}

export interface FetcherSettings {
  readonly maxBytes: number;
  readonly maxPartitionBytes: number;
  readonly minBytes: number;
  readonly maxWaitMs: number;
  readonly readCommitted: boolean;
  readonly checkCrcs: boolean;
  readonly offsetReset: 'earliest' | 'latest' | 'none';
  readonly autoCreateTopics: boolean;
}

export interface GroupSettings {
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly groupInstanceId: string | null;
  readonly assignors: readonly ('range' | 'roundrobin')[];
  /** Assignors of Kafka that were asked for, and in whose place there are others. */
  readonly replacedAssignors: readonly string[];
  readonly autoCreateTopics: boolean;
}

/** All settings of a client, parsed. */
export interface KafkaSettings {
  readonly clientId: string;
  readonly cluster: ClusterSettings;
  readonly producer: ProducerSettings;
  readonly fetcher: FetcherSettings;
  readonly group: GroupSettings;
}

/** The size that sends, which come in batches, are worth a request. Kafka's 16 KiB suits single records. */
const DEFAULT_BATCH_BYTES = 256 * 1024;
/** Read ahead, over all partitions of a fetcher. Kafka's 50 MB is the memory of a whole worker here. */
const DEFAULT_FETCH_MAX_BYTES = 16 * 1024 * 1024;
const MAX_INT = 0x7fff_ffff;

/**
 * Parses settings in Kafka's own names. Values that Kafka's own clients refuse are refused in their words. Those that are unknown or have no
 * effect are for whoever has them from a user to tell: see settings-without-effect.ts.
 * Throws ConfigError `holdfast.broker.settings` with every mistake. Values of secrets show nowhere.
 */
export function parseKafkaSettings(
  settings: ClientSettings,
  options: {
    readonly kind: ClientKind;
    readonly bootstrapServers: string;
    readonly logger: Logger;
    readonly written?: ClientOptions['written'] & object;
  },
): KafkaSettings {
  const { kind, bootstrapServers, logger, written = {} } = options;
  const reader = new SettingsReader(settings, kind, written);
  const clientId = reader.text('client.id') ?? 'holdfast';
  const connection = connectionSettings(reader, clientId);
  const cluster: ClusterSettings = {
    bootstrapServers: addresses(reader, reader.text('bootstrap.servers') ?? bootstrapServers),
    connection,
    requestTimeoutMs: reader.number('request.timeout.ms', 30_000, 1),
    metadataMaxAgeMs: reader.number('metadata.max.age.ms', 300_000, 1),
    reconnectBackoffMs: reader.number('reconnect.backoff.ms', 50, 0),
    reconnectBackoffMaxMs: reader.number('reconnect.backoff.max.ms', 1_000, 0),
    retryBackoffMs: reader.number('retry.backoff.ms', 100, 0),
    retryBackoffMaxMs: reader.number('retry.backoff.max.ms', 1_000, 0),
    windows: {
      windowMs: Math.max(1, reader.number('metrics.sample.window.ms', DEFAULT_WINDOWS.windowMs, 0)),
      samples: reader.number('metrics.num.samples', DEFAULT_WINDOWS.samples, 1),
    },
  };
  const producer = producerSettings(reader, logger);
  const fetcher = fetcherSettings(reader);
  const group = groupSettings(reader);
  reader.throwProblems();
  return { clientId, cluster, producer, fetcher, group };
}

function connectionSettings(reader: SettingsReader, clientId: string): ConnectionSettings {
  const protocol = reader.choice('security.protocol', 'PLAINTEXT', ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']);
  const secured = protocol === 'SSL' || protocol === 'SASL_SSL';
  const tls = secured
    ? tlsOptions(
        (key) => reader.raw(key),
        (key, message) => reader.problem(key, message),
        (key) => reader.written(key),
      )
    : null;
  const sasl = protocol.startsWith('SASL_')
    ? saslSettings({
        setting: (key) => reader.raw(key),
        report: (key, message) => reader.problem(key, message),
      })
    : null;
  const setupMaxMs = reader.number('socket.connection.setup.timeout.max.ms', 30_000, 1);
  const setupTimeoutMs = Math.min(reader.number('socket.connection.setup.timeout.ms', 10_000, 1), setupMaxMs);
  return { clientId, tls, sasl, setupTimeoutMs };
}

function producerSettings(reader: SettingsReader, logger: Logger): ProducerSettings {
  const acks = reader.choice('acks', 'all', ['all', '-1', '0', '1']);
  if (acks !== 'all' && acks !== '-1') {
    logger.warn('acks is all, whatever is set: a resolved send means that the records are durable', {
      configured: acks,
    });
  }
  if (reader.boolean('enable.idempotence', true) === false) {
    // Kafka Connect's own base for source producers turns it off; being idempotent does no harm there.
    logger.debug('The producer is idempotent, whatever enable.idempotence says');
  }
  const inFlight = reader.number('max.in.flight.requests.per.connection', 5, 1);
  if (inFlight > 5) logger.warn('An idempotent producer has at most 5 requests in flight', { configured: inFlight });
  return {
    batchBytes: reader.number('batch.size', DEFAULT_BATCH_BYTES, 0),
    lingerMs: reader.number('linger.ms', 0, 0),
    maxRequestBytes: reader.number('max.request.size', 1_048_576, 0),
    bufferBytes: reader.number('buffer.memory', 33_554_432, 0),
    compression: reader.choice('compression.type', 'none', ['none', 'gzip', 'snappy', 'lz4', 'zstd']),
    maxInFlight: Math.min(inFlight, 5),
    deliveryTimeoutMs: reader.limit('delivery.timeout.ms'),
    maxBlockMs: reader.limit('max.block.ms'),
    retries: reader.number('retries', MAX_INT, 0),
  };
}

function fetcherSettings(reader: SettingsReader): FetcherSettings {
  return {
    maxBytes: reader.number('fetch.max.bytes', DEFAULT_FETCH_MAX_BYTES, 1),
    maxPartitionBytes: reader.number('max.partition.fetch.bytes', 1_048_576, 1),
    minBytes: reader.number('fetch.min.bytes', 1, 0),
    maxWaitMs: reader.number('fetch.max.wait.ms', 500, 0),
    readCommitted:
      reader.choice('isolation.level', 'read_uncommitted', ['read_uncommitted', 'read_committed']) === 'read_committed',
    checkCrcs: reader.boolean('check.crcs', true),
    offsetReset: reader.choice('auto.offset.reset', 'latest', ['earliest', 'latest', 'none']),
    autoCreateTopics: reader.boolean('allow.auto.create.topics', true),
  };
}

const assignorNames: Readonly<Record<string, 'range' | 'roundrobin'>> = {
  'org.apache.kafka.clients.consumer.RangeAssignor': 'range',
  'org.apache.kafka.clients.consumer.RoundRobinAssignor': 'roundrobin',
  range: 'range',
  roundrobin: 'roundrobin',
};

function groupSettings(reader: SettingsReader): GroupSettings {
  const sessionTimeoutMs = reader.number('session.timeout.ms', 45_000, 1);
  const heartbeatIntervalMs = reader.number('heartbeat.interval.ms', 3_000, 1);
  if (heartbeatIntervalMs >= sessionTimeoutMs)
    reader.problem('heartbeat.interval.ms', 'must be lower than session.timeout.ms');
  const assignors: ('range' | 'roundrobin')[] = [];
  const sticky: string[] = [];
  for (const name of reader.list('partition.assignment.strategy', [
    'org.apache.kafka.clients.consumer.RangeAssignor',
  ])) {
    const assignor = assignorNames[name];
    if (assignor !== undefined) assignors.push(assignor);
    else if (isStickyAssignor(name)) sticky.push(name);
    else {
      reader.problem(
        'partition.assignment.strategy',
        `names ${name}, of which only RangeAssignor and RoundRobinAssignor exist here`,
      );
    }
  }
  // Kafka's default list names a sticky one second, for members that are to change over to it.
  const replacedAssignors = assignors.length === 0 ? sticky : [];
  if (replacedAssignors.length > 0) assignors.push('range');
  if (assignors.length === 0) reader.problem('partition.assignment.strategy', 'names no assignor');
  return {
    sessionTimeoutMs,
    heartbeatIntervalMs,
    rebalanceTimeoutMs: reader.number('max.poll.interval.ms', 300_000, 1),
    groupInstanceId: reader.text('group.instance.id') ?? null,
    assignors: [...new Set(assignors)],
    replacedAssignors,
    autoCreateTopics: reader.boolean('allow.auto.create.topics', true),
  };
}

function addresses(reader: SettingsReader, text: string): { host: string; port: number }[] {
  const found: { host: string; port: number }[] = [];
  for (const item of text.split(',').map((part) => part.trim())) {
    if (item === '') continue;
    // A listener name in front is allowed, as Kafka's own client does.
    const match = /^(?:[A-Za-z0-9_]+:\/\/)?(?:\[([0-9A-Fa-f:.%]+)\]|([^:/\s]+)):(\d{1,5})$/.exec(item);
    const host = match?.[1] ?? match?.[2];
    const port = Number(match?.[3]);
    if (host === undefined || port < 1 || port > 65_535)
      reader.problem('bootstrap.servers', `holds '${item}', which is not host:port`);
    else found.push({ host, port });
  }
  if (text.replace(/[,\s]/g, '') === '') reader.problem('bootstrap.servers', 'names no server');
  return found;
}

/** Reads settings by name and collects what is wrong with them. */
class SettingsReader {
  private readonly settings: ClientSettings;
  private readonly keys: Readonly<Record<string, string>>;
  private readonly problems: ConfigProblem[] = [];

  constructor(settings: ClientSettings, kind: ClientKind, written: Readonly<Record<string, string>>) {
    this.settings = settings;
    this.keys = written;
    for (const { name, errorMessages } of CLIENT_CONFIGS[kind]
      .pick((key) => Object.hasOwn(settings, key))
      .validate(settings)) {
      for (const message of errorMessages.slice(0, 1)) this.problem(name, message);
    }
  }

  /** One for a key: what Kafka says of it comes first. */
  problem(key: string, message: string): void {
    if (!this.problems.some((each) => each.key === key)) this.problems.push({ key, message });
  }

  /** As the user wrote it. */
  written(key: string): string {
    return this.keys[key] ?? key;
  }

  raw(key: string): string | undefined {
    return this.settings[key];
  }

  text(key: string): string | undefined {
    const value = this.raw(key)?.trim();
    return value === '' ? undefined : value;
  }

  number(key: string, fallback: number, least: number): number {
    const text = this.text(key);
    if (text === undefined) return fallback;
    const value = Number(text);
    if (/^[+-]?\d+$/.test(text) && value >= least) return Math.min(value, Number.MAX_SAFE_INTEGER);
    this.problem(key, `must be a whole number of at least ${least}, not '${text}'`);
    return fallback;
  }

  /** A time limit; Infinity if it is not set, or set to what Kafka's own types can hold at most. */
  limit(key: string): number {
    const value = this.number(key, Number.POSITIVE_INFINITY, 0);
    return value >= MAX_INT ? Number.POSITIVE_INFINITY : value;
  }

  boolean(key: string, fallback: boolean): boolean {
    const text = this.text(key)?.toLowerCase();
    if (text === undefined) return fallback;
    if (text === 'true' || text === 'false') return text === 'true';
    this.problem(key, `must be true or false, not '${text}'`);
    return fallback;
  }

  choice<const T extends string>(key: string, fallback: T, allowed: readonly T[]): T {
    const text = this.text(key);
    if (text === undefined) return fallback;
    const found = allowed.find((value) => value.toLowerCase() === text.toLowerCase());
    if (found === undefined) this.problem(key, `must be one of ${allowed.join(', ')}, not '${text}'`);
    return found ?? fallback;
  }

  list(key: string, fallback: readonly string[]): readonly string[] {
    const items = this.text(key)
      ?.split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
    return items === undefined || items.length === 0 ? fallback : items;
  }

  throwProblems(): void {
    if (this.problems.length === 0) return;
    const list = this.problems
      .map(({ key, message }) => (isSentence(message, key) ? message : `${this.written(key)} ${message}`))
      .join('; ');
    throw new ConfigError(`The settings of a Kafka client are wrong: ${list}.`, {
      code: CLIENT_SETTINGS_INVALID,
      problems: this.problems,
    });
  }
}

/** Whether a message names its key itself, as Kafka's own do; the others go on from it, and may name further keys. */
function isSentence(message: string, key: string): boolean {
  return message.startsWith(key) || (/^\p{Lu}/u.test(message) && message.includes(key));
}
