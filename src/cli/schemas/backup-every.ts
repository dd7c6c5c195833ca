/** `holdfast schemas backup --every`: a worker that runs the connector SchemaBackup, until a signal ends it. */
import { join, resolve } from 'node:path';
import { listedTarget } from '../../recovery/connector/config.ts';
import { readPropertiesFile } from '../connector-file.ts';
import { UsageError } from '../exit-codes.ts';
import { runWorker } from '../standalone-command.ts';
import { stopSignal } from '../stop-signals.ts';
import { type CommonOptions, checkCommonOptions } from './common-options.ts';
import { parseDuration } from './duration.ts';
import { parseTargetPlace, placeText } from './place.ts';

export interface BackupEveryOptions extends CommonOptions {
  readonly to: readonly string[];
  readonly every: string;
  readonly keep?: string;
  readonly gitAuthor?: string;
  readonly gitMessage?: string;
  readonly gitPush?: string;
  /** Where the worker keeps how far it is; beside the first folder of backups unless told. */
  readonly state?: string;
  readonly restPort: string;
  /** Kafka that takes a record for each backup; a broker in the state folder unless told. */
  readonly reportServers?: string;
  readonly reportTopic: string;
}

const NAME = 'schema-backup';

type Settings = Readonly<Record<string, string>>;

/** Resolves when a signal has ended it. @throws UsageError, ConfigError */
export async function backupEvery(options: BackupEveryOptions): Promise<void> {
  checkCommonOptions(options);
  const stopped = stopSignal();
  const kafka = await propertiesOf(options.commandConfig);
  const target = options.targetConfig === undefined ? kafka : await propertiesOf(options.targetConfig);
  const copy = options.to.map(parseTargetPlace).find((place) => place.kind === 'kafka' && place.servers === undefined);
  if (options.targetConfig !== undefined && copy !== undefined) {
    throw new UsageError(
      `With --every and --target-config, name the servers of ${placeText(copy)} as well: @host:port.`,
    );
  }
  const clients = clientSettings(kafka, target, await propertiesOf(options.registryConfig));
  await runWorker({
    settings: { ...reportClients(options, kafka), ...workerSettings(options) },
    connectors: () =>
      Promise.resolve([
        {
          path: 'backup --every',
          name: NAME,
          config: { ...clients, ...connectorSettings(options) },
          initialState: 'STARTED',
        },
      ]),
    stopped,
  });
}

/** As they hold without --every; the connector's own settings go on top. */
export function clientSettings(kafka: Settings, target: Settings, registry: Settings): Settings {
  return { ...prefixed('source.', kafka), ...prefixed('target.', target), ...prefixed('registry.', registry) };
}

/** Of the Kafka that takes the reports. */
export function reportClients({ reportServers }: BackupEveryOptions, kafka: Settings): Settings {
  if (reportServers === undefined) return {};
  const { 'bootstrap.servers': _, ...settings } = kafka;
  return { ...settings, ...prefixed('producer.', settings), ...prefixed('admin.', settings) };
}

/** @throws UsageError */
export function workerSettings(options: BackupEveryOptions): Settings {
  const state = stateFolder(options);
  if (!/^\d{1,5}$/.test(options.restPort) || Number(options.restPort) > 65_535) {
    throw new UsageError(`--rest-port ${options.restPort} is no port.`);
  }
  return {
    'bootstrap.servers': options.reportServers ?? `embedded:${join(state, 'broker')}`,
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
    'offset.storage.file.filename': join(state, 'connect.offsets'),
    'offset.flush.interval.ms': '5000',
    listeners: `http://127.0.0.1:${options.restPort}`,
  };
}

/** @throws UsageError */
export function connectorSettings(options: BackupEveryOptions): Settings {
  const { bootstrapServers, registry, keep, to } = options;
  if (bootstrapServers === undefined) throw new UsageError('--every needs --bootstrap-servers.');
  const targets = to.map((text) => listedTarget(parseTargetPlace(text)));
  return {
    name: NAME,
    'connector.class': 'io.holdfast.schemas.SchemaBackup',
    'tasks.max': '1',
    topic: options.reportTopic,
    'source.bootstrap.servers': bootstrapServers,
    'schemas.topic': options.topic,
    'schemas.group.id': options.groupId,
    targets: targets.join(','),
    'backup.interval.ms': String(parseDuration('--every', options.every)),
    ...given({
      ...{ keep, 'registry.urls': registry },
      ...{ 'git.author': options.gitAuthor, 'git.message': options.gitMessage, 'git.push': options.gitPush },
    }),
  };
}

function stateFolder({ state, to }: BackupEveryOptions): string {
  if (state !== undefined) return resolve(state);
  const folder = to.map(parseTargetPlace).find(({ kind }) => kind === 'folder');
  if (folder?.kind === 'folder') return `${resolve(folder.path)}.state`;
  throw new UsageError('--every needs --state DIR when no backup goes to a folder.');
}

async function propertiesOf(file: string | undefined): Promise<Settings> {
  return file === undefined ? {} : readPropertiesFile(file);
}

function prefixed(prefix: string, settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [`${prefix}${key}`, value]));
}

function given(settings: Readonly<Record<string, string | undefined>>): Settings {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
