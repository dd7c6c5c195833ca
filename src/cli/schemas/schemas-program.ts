/** `holdfast schemas`: each command is one file that adds itself, in the order of the help. */
import type { Command } from 'commander';
import { addList } from './list-command.ts';

const COMMANDS: readonly ((schemas: Command) => void)[] = [addList];

/** @param schemas the command `schemas` itself */
export function addSchemasCommands(schemas: Command): void {
  for (const add of COMMANDS) add(schemas);
}
