/** `holdfast registry`: one node of the embedded registry over a Kafka, in this process. For tests and development. */
import { createKafkaBroker } from '../broker/kafka/kafka-broker.ts';
import { unknownClientSettings } from '../broker/kafka/settings-without-effect.ts';
import type { ClientSettings } from '../broker/ports.ts';
import { startRegistryProcess } from '../embedded-registry/registry-process.ts';
import type { RegistryTimings, RegistryVendor } from '../embedded-registry/vendor-profile.ts';
import { systemClock } from '../foundation/clock.ts';
import { Deferred } from '../foundation/deferred.ts';
import type { Logger, LogLevel } from '../foundation/logger.ts';
import { readPropertiesFile } from './connector-file.ts';
import { UsageError } from './exit-codes.ts';
import { OpenedParts } from './opened-parts.ts';
import { createPinoLogger } from './pino-logger.ts';
import { stopSignal } from './stop-signals.ts';

/** As commander gives them: texts, but for flags. */
export interface RegistryArguments {
  readonly bootstrapServers: string;
  /** Properties of the Kafka clients: security, for example. */
  readonly commandConfig?: string;
  readonly host: string;
  readonly port: string;
  readonly advertisedHost?: string;
  readonly advertisedPort?: string;
  readonly vendor: string;
  readonly groupId: string;
  readonly topic: string;
  readonly masterEligibility: boolean;
  readonly sessionTimeoutMs?: string;
  readonly heartbeatIntervalMs?: string;
  readonly rebalanceTimeoutMs?: string;
  readonly primaryWaitMs?: string;
  readonly forwardTimeoutMs?: string;
  readonly catchUpTimeoutMs?: string;
  readonly storeTimeoutMs?: string;
  readonly replayMs?: string;
  readonly lagMs: string;
  readonly allowTestControls: boolean;
  readonly logLevel: string;
}

/** The registries' own. */
const HEARTBEAT_MS = 3_000;
const REBALANCE_TIMEOUT_MS: Readonly<Record<RegistryVendor, number>> = { confluent: 300_000, karapace: 30_000 };
const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];
const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** Resolves when the node has stopped after a signal. Rejects with what kept it from starting, or from staying in its group. */
export async function runRegistry(args: RegistryArguments): Promise<void> {
  const { host, groupId, topic, allowTestControls } = args;
  const vendor = choice('--vendor', args.vendor, ['confluent', 'karapace'] as const);
  const level = choice('--log-level', args.logLevel, LOG_LEVELS);
  if (allowTestControls && !LOOPBACK.includes(host)) {
    throw new UsageError(`--allow-test-controls needs a --host of the loopback interface, not ${host}.`);
  }
  const timings = timingsOf(args);
  const sessionTimeoutMs = timings.sessionTimeoutMs ?? 10_000;
  const advertised = {
    ...(args.advertisedHost === undefined ? {} : { host: args.advertisedHost }),
    ...(args.advertisedPort === undefined ? {} : { port: whole('--advertised-port', args.advertisedPort, 65_535) }),
  };
  const port = whole('--port', args.port, 65_535);
  const heartbeatIntervalMs =
    optional('--heartbeat-interval-ms', args.heartbeatIntervalMs) ??
    Math.max(1, Math.min(HEARTBEAT_MS, Math.floor(sessionTimeoutMs / 3)));
  if (heartbeatIntervalMs >= sessionTimeoutMs) {
    throw new UsageError(
      `--heartbeat-interval-ms ${heartbeatIntervalMs} must be lower than --session-timeout-ms ${sessionTimeoutMs}.`,
    );
  }
  const rebalanceTimeoutMs =
    optional('--rebalance-timeout-ms', args.rebalanceTimeoutMs) ?? REBALANCE_TIMEOUT_MS[vendor];
  const lagMs = whole('--lag-ms', args.lagMs);
  const stopped = stopSignal();
  const logger = await createPinoLogger({ level, pretty: process.stdout.isTTY === true });
  const settings = args.commandConfig === undefined ? {} : await readPropertiesFile(args.commandConfig, logger);
  warnOfUnknown(settings, logger);
  const parts = new OpenedParts();
  const failed = new Deferred<never>();
  const starting = new AbortController();
  try {
    const { bootstrapServers } = args;
    const broker = createKafkaBroker({
      bootstrapServers,
      settings,
      logger: logger.child({ name: 'broker' }),
      clock: systemClock,
    });
    parts.add(() => broker.close());
    const start = startRegistryProcess(
      {
        ...{ broker, host, port, advertised, vendor, groupId, topic, timings, heartbeatIntervalMs, rebalanceTimeoutMs },
        ...{ lagMs, allowTestControls },
        isEligible: args.masterEligibility,
        clock: systemClock,
        logger: logger.child({ name: 'registry' }),
        onFailed: (error) => failed.reject(error),
      },
      starting.signal,
    ).then((node) => {
      parts.add(() => node.stop());
      return node;
    });
    // Whoever comes first decides; what it says later is of no interest.
    start.catch(() => {});
    const begun = await Promise.race([start, stopped, failed.promise]);
    if (typeof begun === 'string') {
      starting.abort(new Error(`stopped by ${begun}`));
      await start.catch(() => {});
      return;
    }
    logger.info('A node of the embedded schema registry is ready. It is meant for tests and development.', {
      ...{ url: begun.url, vendor, groupId, topic, pid: process.pid },
    });
    const signal = await Promise.race([stopped, failed.promise]);
    logger.info('The registry node stops.', { signal });
  } finally {
    starting.abort(new Error('the registry node stops'));
    await parts.close();
  }
}

/** All its clients have the same settings, and each kind has some of its own. */
function warnOfUnknown(settings: ClientSettings, logger: Logger): void {
  const [first = [], ...others] = (['producer', 'consumer', 'admin'] as const).map((kind) =>
    unknownClientSettings(kind, settings),
  );
  const keys = first.filter((key) => others.every((unknown) => unknown.includes(key)));
  if (keys.length > 0)
    logger.warn('Settings are not known to Kafka clients and have no effect. Check their spelling.', { keys });
}

function timingsOf(args: RegistryArguments): Partial<RegistryTimings> {
  const given = {
    sessionTimeoutMs: optional('--session-timeout-ms', args.sessionTimeoutMs),
    primaryWaitMs: optional('--primary-wait-ms', args.primaryWaitMs),
    forwardTimeoutMs: optional('--forward-timeout-ms', args.forwardTimeoutMs),
    catchUpTimeoutMs: optional('--catch-up-timeout-ms', args.catchUpTimeoutMs),
    storeTimeoutMs: optional('--store-timeout-ms', args.storeTimeoutMs),
    replayMs: optional('--replay-ms', args.replayMs),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function optional(flag: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : whole(flag, text);
}

function whole(flag: string, text: string, max = 2 ** 31 - 1): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isInteger(number) && number >= 0 && number <= max) return number;
  throw new UsageError(`${flag} must be a whole number from 0 to ${max}, not ${text}.`);
}

function choice<const T extends string>(flag: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found === undefined) throw new UsageError(`${flag} must be one of ${allowed.join(', ')}, not ${text}.`);
  return found;
}
