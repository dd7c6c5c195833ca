/** `holdfast schemas prune`: removes old backups of a folder, as `backup --keep` does. */
import type { Command } from 'commander';
import { BACKUP_UNREADABLE } from '../../recovery/backup/backup-errors.ts';
import { backupsIn } from '../../recovery/backup/backup-folder.ts';
import { expiredIn } from '../../recovery/backup/expired-in.ts';
import { FolderTarget } from '../../recovery/backup/folder-target.ts';
import { parseRetentionRule } from '../../recovery/backup/retention-rule.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import { EXIT_FAILED, UsageError } from '../exit-codes.ts';
import { type CommonOptions, withCommonOptions } from './common-options.ts';
import { parsePlace } from './place.ts';
import { runSchemas } from './run-schemas.ts';
import type { SchemasSession } from './schemas-session.ts';

interface PruneOptions extends CommonOptions {
  readonly keep: string;
  readonly yes: boolean;
}

export function addPrune(schemas: Command): void {
  withCommonOptions(schemas.command('prune'))
    .description('Remove old backups of a folder by a rule. Says what would go; --yes removes it.')
    .argument('<folder>', 'a folder of backups')
    .requiredOption('--keep <rule>', 'what stays: last=10,days=30,weeks=8,months=12; the newest always does')
    .option('--yes', 'remove it', false)
    .action((place: string, options: PruneOptions) => runSchemas(options, (session) => prune(session, place, options)));
}

async function prune(session: SchemasSession, text: string, options: PruneOptions): Promise<number> {
  const place = parsePlace(text);
  if (place.kind !== 'folder') throw new UsageError(`prune works on a folder of backups, not on ${text}.`);
  const keep = parseRetentionRule(options.keep);
  // A rule for the wrong folder would remove nothing for ever, and nobody would know.
  if ((await backupsIn(place.path)).length === 0) {
    throw new ConfigError(`There are no backups in ${place.path}. Name the folder that holds them.`, {
      code: BACKUP_UNREADABLE,
    });
  }
  const expired = (await expiredIn(place.path, keep)).map(({ name }) => name);
  if (!options.yes) {
    const lines =
      expired.length === 0
        ? ['Nothing would be removed.']
        : [...expired, `${expired.length} would be removed: --yes does it.`];
    session.print({ json: { expired, removed: [], warnings: [] }, text: lines });
    return 0;
  }
  if (expired.length === 0) {
    session.print({ json: { expired, removed: [], warnings: [] }, text: ['Nothing to remove.'] });
    return 0;
  }
  const target = await new FolderTarget({ path: place.path, keep, clock: session.clock }).open(session.signal);
  try {
    const { removed, warnings } = await target.settle(session.signal);
    for (const warning of warnings) session.note(`warning: ${warning}`);
    session.print({ json: { expired, removed, warnings }, text: [...removed, `${removed.length} removed.`] });
    return warnings.length === 0 ? 0 : EXIT_FAILED;
  } finally {
    await target.close();
  }
}
