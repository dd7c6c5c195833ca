/** `holdfast standalone [worker.properties] [connector files...]`: connect-standalone's arguments. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../foundation/clock.ts';
import { type LevelName, LogLevels } from '../foundation/log-levels.ts';
import { type Logger, type LogLine, recordingLogger } from '../foundation/logger.ts';
import { maskingLogger } from '../foundation/masking-logger.ts';
import { openPrepared } from '../index.ts';
import { ConfigError } from '../sdk/errors/kinds.ts';
import {
  type ConnectorFile,
  FILE_INVALID,
  FILE_UNREADABLE,
  readConnectorFile,
  readPropertiesFile,
} from './connector-file.ts';
import { settingsFromEnvironment } from './environment-settings.ts';
import { UsageError } from './exit-codes.ts';
import { LOG_PARTS, workerLogger } from './log-parts.ts';
import { maskOutput, type OutputStream } from './masked-output.ts';
import { supportEnded } from './node-support.ts';
import { packageVersion } from './package-version.ts';
import { createPinoLogger } from './pino-logger.ts';
import { type PreparedSettings, prepareSettings } from './prepared-settings.ts';
import { withSource } from './settings-source.ts';
import { startConnectors } from './start-connectors.ts';
import { stopSignal } from './stop-signals.ts';
import { endOnUncaught } from './uncaught.ts';

export interface StandaloneArguments {
  readonly workerFile: string | undefined;
  readonly connectorFiles: readonly string[];
}

/** Resolves when the worker has stopped after a signal. Rejects with what kept it from starting, without secrets. */
export async function runStandalone(args: StandaloneArguments): Promise<void> {
  const stopped = stopSignal();
  const environment = settingsFromEnvironment(process.env);
  if (args.workerFile === undefined && Object.keys(environment).length === 0) {
    throw new UsageError(
      'There are no settings. Name a worker file (holdfast standalone config/worker.properties …), or set at least CONNECT_BOOTSTRAP_SERVERS, CONNECT_KEY_CONVERTER and CONNECT_VALUE_CONVERTER.',
    );
  }
  // Where lines go and which is a setting too, and may come from a config provider.
  const early = recordingLogger();
  const file = args.workerFile === undefined ? {} : await readPropertiesFile(args.workerFile, early.logger);
  try {
    await runWorker({
      settings: { ...file, ...environment },
      connectors: (config, logger) =>
        readConnectorFiles(args.connectorFiles, config.values['connector.files.dir'], logger),
      early,
      stopped,
    });
  } catch (error) {
    const workerFile = args.workerFile === undefined ? null : { path: args.workerFile, settings: file };
    throw withSource(error, { file: workerFile, environment });
  }
}

interface WorkerRun {
  readonly settings: Readonly<Record<string, string>>;
  /** All of them are known before anything is started: a mistake in the last one starts nothing. */
  readonly connectors: (config: PreparedSettings['config'], logger: Logger) => Promise<readonly ConnectorFile[]>;
  /** What was said before it was known where lines go. */
  readonly early?: ReturnType<typeof recordingLogger>;
  readonly stopped: ReturnType<typeof stopSignal>;
}

/** Resolves when the worker has stopped after a signal. Rejects with what kept it from starting, without secrets. */
export async function runWorker(run: WorkerRun): Promise<void> {
  const { settings, early = recordingLogger() } = run;
  const prepared = await prepareSettings({ settings, logger: early.logger });
  await runPrepared(run, { prepared, early: early.lines }).catch((error: unknown) => {
    // Invariant 8: what a plugin said when it was started goes to stderr.
    throw prepared.secrets.maskAll(error);
  });
}

async function runPrepared(
  run: WorkerRun,
  options: { readonly prepared: PreparedSettings; readonly early: readonly LogLine[] },
): Promise<void> {
  const { stopped } = run;
  const { prepared, early } = options;
  const { config, secrets } = prepared;
  const logLevels = new LogLevels({
    root: config.values['log.level'].toUpperCase() as LevelName,
    parts: LOG_PARTS,
    now: () => systemClock.now(),
  });
  const lines = workerLogger(
    await createPinoLogger({ level: 'trace', pretty: process.stdout.isTTY === true }),
    logLevels,
  );
  const logger = maskingLogger(lines, secrets);
  for (const stream of [process.stdout, process.stderr]) {
    process.once('exit', maskOutput(stream as OutputStream, secrets));
  }
  endOnUncaught({ logger, secrets });
  const version = packageVersion();
  for (const { level, message, fields } of early) logger[level](message, fields);
  logger.info('Holdfast starts.', { version, node: process.version, pid: process.pid });
  const ended = supportEnded(process.version, new Date(systemClock.now()));
  if (ended !== null) {
    logger.warn('This version of Node is out of support. Use Node 24.', { node: process.version, endedOn: ended });
  }
  const connectors = await run.connectors(config, logger);
  const worker = await openPrepared(prepared, { logger: lines, logLevels });
  try {
    // A signal ends a start that doesn't, too: a connector's plugin may not return.
    const signal = await Promise.race([stopped, startConnectors(worker, connectors, logger)]);
    logger.info('The worker stops.', { signal: signal ?? (await stopped) });
  } finally {
    await worker.stop();
  }
  logger.info('The worker has stopped.');
}

async function readConnectorFiles(
  paths: readonly string[],
  folder: string | null,
  logger: Logger,
): Promise<readonly ConnectorFile[]> {
  const all = [...paths, ...(folder === null ? [] : await filesOf(folder))];
  const connectors = await Promise.all(all.map((path) => readConnectorFile(path, logger)));
  const seen = new Map<string, string>();
  for (const { name, path } of connectors) {
    const earlier = seen.get(name);
    if (earlier !== undefined) {
      throw new ConfigError(
        `The connector files ${earlier} and ${path} have the same name, ${name}. Give each connector its own.`,
        { code: FILE_INVALID },
      );
    }
    seen.set(name, path);
  }
  return connectors;
}

async function filesOf(folder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => /\.(properties|json)$/i.test(name) && !name.startsWith('.'))
      .sort()
      .map((name) => join(folder, name));
  } catch (cause) {
    throw new ConfigError(`The folder ${folder} of connector.files.dir can't be read: ${(cause as Error).message}.`, {
      code: FILE_UNREADABLE,
      cause,
    });
  }
}
