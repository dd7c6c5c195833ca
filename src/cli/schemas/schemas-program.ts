/** `holdfast schemas`: each command is one file that adds itself, in the order of the help. */
import type { Command } from 'commander';
import { addApply } from './apply-command.ts';
import { addBackup } from './backup-command.ts';
import { addDrill } from './drill-command.ts';
import { addExamples } from './help-examples.ts';
import { addList } from './list-command.ts';
import { addPrune } from './prune-command.ts';
import { addRepair } from './repair-command.ts';
import { addRestore } from './restore-command.ts';
import { addVerify } from './verify-command.ts';

const COMMANDS: readonly ((schemas: Command) => void)[] = [
  addBackup,
  addList,
  addPrune,
  addVerify,
  addRestore,
  addApply,
  addRepair,
  addDrill,
];

/** @param schemas the command `schemas` itself */
export function addSchemasCommands(schemas: Command): void {
  for (const add of COMMANDS) add(schemas);
  addExamples(schemas);
}
