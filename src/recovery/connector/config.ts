import { ConfigDef, type ConfigValidator } from '../../sdk/config/index.ts';
import { invalidValue } from '../../sdk/config/parse-value.ts';
import { ConfigValidators } from '../../sdk/config/validators.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import { parseGitAuthor, type TargetSettings } from '../backup/open-target.ts';
import { parseTargetPlace, placeText, type TargetPlace } from '../backup/place.ts';
import { parseRetentionRule } from '../backup/retention-rule.ts';

const SOURCE = 'source.';
const REGISTRY = 'registry.';
const TARGET = 'target.';
const HOUR_MS = 3_600_000;

/** Settings of SchemaBackup. Those of clients come through by prefix: `source.`, `target.` (of Kafka) and `registry.`. */
export const SCHEMA_BACKUP_CONFIG = ConfigDef.of({
  topic: {
    type: 'STRING',
    validator: ConfigValidators.nonEmpty(),
    importance: 'high',
    documentation: 'The topic that gets one record for each backup: when, where, how much, what was found.',
  },
  'source.bootstrap.servers': {
    type: 'LIST',
    validator: ConfigValidators.listNonEmpty(),
    importance: 'high',
    documentation:
      "The Kafka of the registry whose topic is backed up. Further settings of its clients are given with the same prefix, such as 'source.security.protocol'.",
  },
  'schemas.topic': {
    type: 'STRING',
    default: '_schemas',
    validator: ConfigValidators.nonEmpty(),
    importance: 'high',
    documentation: 'The topic in which the registry keeps its schemas.',
  },
  'schemas.group.id': {
    type: 'STRING',
    default: 'schema-registry',
    validator: ConfigValidators.nonEmpty(),
    importance: 'low',
    documentation: "The group in which the registry's nodes elect their primary.",
  },
  'registry.urls': {
    type: 'LIST',
    default: [],
    importance: 'medium',
    documentation:
      "Base URL of each node of the registry, to keep what it tells beside the topic. It need not be up. Settings of its client are given with the prefix 'registry.', in Confluent's names, such as 'registry.basic.auth.user.info'.",
  },
  targets: {
    type: 'LIST',
    validator: places(),
    importance: 'high',
    documentation:
      "Where each backup is written to and read back from: folders, git:PATH, kafka:TOPIC[@host:port,...]; a comma in a path is written as %2C. A target that fails keeps none of the others from being written. Settings of Kafka clients are given with the prefix 'target.'; without any, those with 'source.' hold for topics of the same Kafka.",
  },
  'backup.interval.ms': {
    type: 'LONG',
    default: HOUR_MS,
    validator: ConfigValidators.range({ min: 1000 }),
    importance: 'high',
    documentation:
      'Time between the beginnings of two backups. Each costs only what is new. The first one is made at once.',
  },
  keep: {
    type: 'STRING',
    default: null,
    validator: retention(),
    importance: 'medium',
    documentation:
      'Which backups of a folder are kept, such as last=10,days=30,weeks=8,months=12; the others are removed. If not specified, all are kept.',
  },
  'git.author': {
    type: 'STRING',
    default: null,
    validator: ConfigValidators.nullOr(
      ConfigValidators.lambda((key, value) => said(key, value, () => parseGitAuthor(value as string)), 'Name <mail>'),
    ),
    importance: 'low',
    documentation: 'Author of the commits of git targets: Name <mail>. If not specified, whom git knows.',
  },
  'git.message': {
    type: 'STRING',
    default: null,
    importance: 'low',
    documentation:
      'Message of the commits, in which {topic}, {added}, {records}, {endOffset}, {takenAt} and {changes} are filled in.',
  },
  'git.push': {
    type: 'PASSWORD',
    default: null,
    importance: 'low',
    documentation:
      'A remote, by name or URL, to which commits are pushed each time, with those that could not be pushed before.',
  },
  verify: {
    type: 'BOOLEAN',
    default: true,
    importance: 'medium',
    documentation:
      'Whether what each new backup means is looked through, as by `holdfast schemas verify`. What was written is read back in any case.',
  },
}).alsoTaking((key) => key.startsWith(SOURCE) || key.startsWith(REGISTRY) || key.startsWith(TARGET));

export interface SchemaBackupSettings {
  readonly topic: string;
  readonly servers: string;
  readonly schemasTopic: string;
  readonly groupId: string;
  readonly registryUrls: readonly string[];
  readonly targets: readonly TargetPlace[];
  readonly intervalMs: number;
  /** Checked. */
  readonly targetSettings: TargetSettings;
  readonly isVerified: boolean;
  /** Of clients, without their prefix. */
  readonly source: Readonly<Record<string, string>>;
  readonly registry: Readonly<Record<string, string>>;
  readonly target: Readonly<Record<string, string>>;
}

/** @throws ConfigError with all mistakes */
export function schemaBackupSettings(raw: Readonly<Record<string, string>>): SchemaBackupSettings {
  const values = SCHEMA_BACKUP_CONFIG.parse(raw);
  return {
    topic: values.topic,
    servers: values['source.bootstrap.servers'].join(','),
    schemasTopic: values['schemas.topic'],
    groupId: values['schemas.group.id'],
    registryUrls: values['registry.urls'],
    targets: placesIn(values.targets),
    intervalMs: values['backup.interval.ms'],
    targetSettings: {
      ...(values.keep === null ? {} : { keep: values.keep }),
      ...(values['git.author'] === null ? {} : { gitAuthor: values['git.author'] }),
      ...(values['git.message'] === null ? {} : { gitMessage: values['git.message'] }),
      ...(values['git.push'] === null ? {} : { gitPush: values['git.push'].value() }),
    },
    isVerified: values.verify,
    source: without(raw, SOURCE, 'bootstrap.servers'),
    registry: without(raw, REGISTRY, 'urls'),
    target: without(raw, TARGET, 'bootstrap.servers'),
  };
}

/** Commas part places, but also the servers of a topic. */
function placesIn(parts: readonly string[]): readonly TargetPlace[] {
  const texts: string[] = [];
  for (const part of parts) {
    const before = texts.at(-1);
    const isServer = before?.startsWith('kafka:') === true && before.includes('@') && /^[^/:]+:\d+$/.test(part);
    if (isServer) texts[texts.length - 1] = `${before},${part}`;
    else texts.push(part);
  }
  return texts.map((text) => parseTargetPlace(text.replace(/%(2C|25)/gi, (_, code) => (code === '25' ? '%' : ','))));
}

/** A place as `targets` takes it: a comma in a path is written as %2C. */
export function listedTarget(place: TargetPlace): string {
  const text = placeText(place);
  return place.kind === 'kafka' ? text : text.replace(/%(?=2C|25)/gi, '%25').replaceAll(',', '%2C');
}

function without(raw: Readonly<Record<string, string>>, prefix: string, own: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(raw)
      .filter(([key]) => key.startsWith(prefix) && key !== `${prefix}${own}`)
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

function places(): ConfigValidator {
  return ConfigValidators.lambda((key, value) => {
    const parts = value as readonly string[];
    if (parts.length === 0) throw invalidValue(key, value, 'there must be at least one target');
    said(key, value, () => placesIn(parts));
  }, 'folders, git:PATH, kafka:TOPIC[@host:port,...]');
}

function retention(): ConfigValidator {
  return ConfigValidators.nullOr(
    ConfigValidators.lambda(
      (key, value) => said(key, value, () => parseRetentionRule(value as string)),
      'last=10,days=30,weeks=8,months=12,years=3, or parts of it',
    ),
  );
}

function said(key: string, value: unknown, parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    if (error instanceof ConfigError) throw invalidValue(key, value, error.message);
    throw error;
  }
}
