/** What `--help` of each command of `holdfast schemas` ends with: commands to paste, and where to read on. */
import type { Command } from 'commander';

const KAFKA = '--bootstrap-servers broker:9092';
const NODES = '--registry http://registry-1:8081,http://registry-2:8081';
const NIGHT = 'docs/guides/schemas-broken.md';
const REPAIR = 'docs/guides/schemas-repair.md';

interface HelpEnd {
  readonly examples: readonly string[];
  /** What to know before, and what to do next. */
  readonly notes?: readonly string[];
  readonly guide: string;
}

const STOPPED = 'All nodes of the registry must be stopped while the plan runs. Without --yes nothing is written.';

/** By the command's words after `schemas`. */
const ENDS: Readonly<Record<string, HelpEnd>> = {
  '': {
    examples: [
      `holdfast schemas verify topic ${KAFKA} ${NODES}`,
      `holdfast schemas backup ${KAFKA} ${NODES} --to /backups/schemas`,
      'holdfast schemas list /backups/schemas',
      `holdfast schemas restore /backups/schemas --into new-topic ${KAFKA}`,
    ],
    notes: [
      'Whatever writes to a registry or its topic makes a plan first; --yes runs it, and an undo file takes it back.',
    ],
    guide: NIGHT,
  },
  backup: {
    examples: [
      `holdfast schemas backup ${KAFKA} ${NODES} --to /backups/schemas --to git:/backups/schemas-git`,
      `holdfast schemas backup --from registry ${NODES} --to /backups/schemas-rest`,
    ],
    notes: ['Next: holdfast schemas drill PLACE proves that it can be restored.'],
    guide: 'docs/guides/schemas-backup.md',
  },
  list: {
    examples: ['holdfast schemas list /backups/schemas --check', 'holdfast schemas list git:/backups/schemas-git'],
    notes: ['Each PLACE that it shows can be given to verify, restore and drill.'],
    guide: 'docs/guides/schemas-backup.md',
  },
  prune: {
    examples: ['holdfast schemas prune /backups/schemas --keep last=10,days=30 --yes'],
    guide: 'docs/guides/schemas-backup.md',
  },
  verify: {
    examples: [
      `holdfast schemas verify topic ${KAFKA} ${NODES}`,
      `holdfast schemas verify topic /backups/schemas ${KAFKA}`,
      `holdfast schemas verify topic ${KAFKA} --used-by orders,payments --since 7d`,
    ],
    notes: ['It changes nothing. Exit codes: 0 no errors, 4 errors or differences, 1 usage, 2 settings, 3 failed.'],
    guide: 'docs/guides/schemas-verify.md',
  },
  restore: {
    examples: [
      `holdfast schemas restore /backups/schemas --into new-topic ${KAFKA}`,
      `holdfast schemas restore /backups/schemas --into in-place --only orders-value ${KAFKA}`,
      `holdfast schemas restore /backups/schemas --into registry --only 'orders-*' --map :.:=:.rescued: ${NODES}`,
      `holdfast schemas restore --from-store /collected/worker-1 --into new-topic ${KAFKA}`,
    ],
    notes: ['Without --yes nothing is written: it ends with the command that runs the plan it has shown.'],
    guide: 'docs/guides/schemas-restore.md',
  },
  apply: {
    examples: [
      `holdfast schemas apply restore-20261129T204606Z.ndjson ${KAFKA} --yes`,
      `holdfast schemas apply restore-20261129T204606Z.undo.ndjson ${KAFKA} --yes`,
    ],
    notes: ['Interrupted or killed? The same command goes on where it was. Or apply its undo file.'],
    guide: 'docs/guides/schemas-restore.md',
  },
  drill: {
    examples: [
      `holdfast schemas drill /backups/schemas ${KAFKA}`,
      'holdfast schemas drill /backups/schemas --into registry --registry http://scratch:8081',
    ],
    notes: ['The registry is not touched, and may run. Exit codes: 0 equal, 4 not, 3 failed.'],
    guide: REPAIR,
  },
  repair: {
    examples: [`holdfast schemas repair undelete orders-value ${KAFKA}`],
    notes: ['holdfast schemas verify topic names the repair of each finding.'],
    guide: REPAIR,
  },
  'repair cannot-write': {
    examples: [`holdfast schemas repair cannot-write ${NODES} --backup /safe/repair ${KAFKA}`],
    notes: ['The first run reads the registry, which must be up. Stop all nodes, and run the same again for the plan.'],
    guide: REPAIR,
  },
  'repair corrupt-records': {
    examples: [
      `holdfast schemas repair corrupt-records --backup /safe/repair ${KAFKA}`,
      `holdfast schemas repair corrupt-records --backup /safe/repair --drop-deletes-after 2026-11-29T14:00:00Z ${KAFKA}`,
    ],
    notes: [STOPPED],
    guide: REPAIR,
  },
  'repair reference-order': {
    examples: [`holdfast schemas repair reference-order ${KAFKA}`],
    notes: [STOPPED],
    guide: REPAIR,
  },
  'repair re-key': { examples: [`holdfast schemas repair re-key ${KAFKA}`], notes: [STOPPED], guide: REPAIR },
  'repair tombstone-empty': {
    examples: [`holdfast schemas repair tombstone-empty ${KAFKA}`],
    notes: [STOPPED],
    guide: REPAIR,
  },
  'repair undelete': {
    examples: [
      `holdfast schemas repair undelete orders-value:3 ${KAFKA}`,
      `holdfast schemas repair undelete orders-value --from /backups/schemas ${KAFKA}`,
    ],
    notes: [STOPPED],
    guide: REPAIR,
  },
  'repair duplicate-ids': {
    examples: [
      `holdfast schemas repair duplicate-ids --used-by orders,payments ${KAFKA}`,
      `holdfast schemas repair duplicate-ids --give-new-id orders-value:3 ${KAFKA}`,
    ],
    notes: [STOPPED],
    guide: REPAIR,
  },
};

/** Adds them to `schemas` and all commands below it; a command without examples is a mistake that the tests find. */
export function addExamples(command: Command, name = ''): void {
  const end = ENDS[name];
  if (end !== undefined) command.addHelpText('after', `\n${lines(end).join('\n')}`);
  for (const sub of command.commands) addExamples(sub, `${name} ${sub.name()}`.trim());
}

function lines({ examples, notes = [], guide }: HelpEnd): readonly string[] {
  const title = examples.length === 1 ? 'Example:' : 'Examples:';
  return [title, ...examples.map((example) => `  ${example}`), '', ...notes, `More: ${guide}`];
}
