/** The options by which a command that is shown reaches the same Kafka. */
import type { CommonOptions } from './common-options.ts';
import { shellWord } from './shell-word.ts';

export function kafkaFlags({ bootstrapServers, commandConfig }: CommonOptions): string {
  const servers = bootstrapServers === undefined ? '' : ` --bootstrap-servers ${shellWord(bootstrapServers)}`;
  return `${servers}${commandConfig === undefined ? '' : ` --command-config ${shellWord(commandConfig)}`}`;
}
