/** The target that a place names, with the settings of its kind. */
import type { Broker } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import { type Logger, silentLogger } from '../../foundation/logger.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import type { BackupTarget } from './backup-target.ts';
import { FolderTarget } from './folder-target.ts';
import type { Identity } from './git-repository.ts';
import { GitTarget } from './git-target.ts';
import { PLACE_INVALID, placeText, type TargetPlace } from './place.ts';
import { parseRetentionRule } from './retention-rule.ts';
import { TopicCopyTarget } from './topic-copy-target.ts';

/** As they are written. */
export interface TargetSettings {
  /** Which backups of a folder are kept; absent: all. */
  readonly keep?: string;
  /** `Name <mail>`; absent: whom git knows. */
  readonly gitAuthor?: string;
  readonly gitMessage?: string;
  /** A remote's name or URL. */
  readonly gitPush?: string;
}

export interface TargetSurroundings {
  readonly clock: Clock;
  /** Of a topic's servers; undefined: the Kafka that is backed up. Whoever gives it closes it. */
  readonly broker: (servers: string | undefined) => Promise<Broker>;
  /** Of the clients of a topic's Kafka; nowhere unless told. */
  readonly logger?: Logger;
}

/** @throws ConfigError */
export async function openTarget(
  place: TargetPlace,
  settings: TargetSettings,
  { clock, broker, logger = silentLogger }: TargetSurroundings,
): Promise<BackupTarget> {
  const name = placeText(place);
  switch (place.kind) {
    case 'folder': {
      const keep = settings.keep === undefined ? undefined : parseRetentionRule(settings.keep);
      return new FolderTarget({ path: place.path, keep, clock });
    }
    case 'git': {
      const { gitAuthor, gitMessage: message, gitPush: push } = settings;
      const author = gitAuthor === undefined ? undefined : parseGitAuthor(gitAuthor);
      return new GitTarget({ name, path: place.path, author, message, push, clock });
    }
    case 'kafka': {
      const client = { settings: {}, logger };
      return new TopicCopyTarget({ name, broker: await broker(place.servers), client, topic: place.topic });
    }
  }
}

/** @throws ConfigError */
export function parseGitAuthor(text: string): Identity {
  const [, name, email] = /^\s*([^<>\n]+?)\s*<([^<>\s]+)>\s*$/.exec(text) ?? [];
  if (name === undefined || email === undefined) {
    throw new ConfigError(`The author of commits must be of the form "Name <mail>", not ${text}.`, {
      code: PLACE_INVALID,
    });
  }
  return { name, email };
}
