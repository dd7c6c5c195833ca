/** `holdfast schemas`: each command is one file that adds itself, in the order of the help. */
import type { Command } from 'commander';
import { addBackup } from './backup-command.ts';
import { addList } from './list-command.ts';

const COMMANDS: readonly ((schemas: Command) => void)[] = [addBackup, addList];

/** @param schemas the command `schemas` itself */
export function addSchemasCommands(schemas: Command): void {
  for (const add of COMMANDS) add(schemas);
}
