/** `holdfast schemas apply`: runs a plan or an undo file, or goes on with one that was interrupted. */
import type { Command } from 'commander';
import { openPlan } from '../../recovery/plan/open-plan.ts';
import { waitOf } from './check-nodes-after.ts';
import { type CommonOptions, type WaitOption, withCommonOptions, withWaitOption } from './common-options.ts';
import { runSchemas } from './run-schemas.ts';
import { showAndRun } from './show-and-run.ts';

interface ApplyOptions extends CommonOptions, WaitOption {
  readonly yes: boolean;
  readonly undo?: string;
}

export function addApply(schemas: Command): void {
  withWaitOption(withCommonOptions(schemas.command('apply')))
    .description('Run a plan or an undo file. One that was interrupted goes on where it was.')
    .argument('<plan>', 'the file that restore or repair wrote, or the undo file beside it')
    .option('--yes', 'run it; without it, it is only shown', false)
    .option('--undo <file>', 'where the plan that takes it back is written; beside the plan unless told')
    .action((path: string, options: ApplyOptions) =>
      runSchemas(options, async (session) => {
        const wait = waitOf(session, options);
        const plan = await openPlan(path, session.signal);
        const { undo, yes } = options;
        return showAndRun(session, plan, { undo, yes, wait });
      }),
    );
}
