/** Options that all commands of `holdfast schemas` have. */
import type { Command } from 'commander';
import { topicNameProblem } from '../../broker/embedded/topic-name.ts';
import { UsageError } from '../exit-codes.ts';

/** As commander gives them. */
export interface CommonOptions {
  /** host:port[,host:port...], or `embedded:DIR` of a worker that is stopped. */
  readonly bootstrapServers?: string;
  readonly commandConfig?: string;
  /** Of the Kafkas that places name by `kafka:TOPIC@servers`; those of commandConfig unless told. */
  readonly targetConfig?: string;
  readonly topic: string;
  readonly groupId: string;
  /** Groups of other registries of the cluster; `*` for any. */
  readonly otherGroupOk?: readonly string[];
  /** Base URL of each node, with commas between. */
  readonly registry?: string;
  readonly registryConfig?: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

export function withCommonOptions(command: Command): Command {
  return command
    .option('--bootstrap-servers <servers>', "host:port[,host:port...], or embedded:DIR for a stopped worker's folder")
    .option('--command-config <file>', 'properties of the Kafka clients: security, for example')
    .option(
      '--target-config <file>',
      'as --command-config, for the Kafka of kafka:TOPIC@servers; those of --command-config unless told',
    )
    .option('--topic <topic>', 'the topic of the registry', '_schemas')
    .option('--group-id <group>', "the group that the registry's nodes elect in", 'schema-registry')
    .option(
      '--other-group-ok <group>',
      'the group of a registry of another topic, whose nodes may run while this topic is written to (several times; * for any)',
      collected,
    )
    .option('--registry <urls>', 'base URL of each node of the registry: http://host:port[,http://host:port...]')
    .option(
      '--registry-config <file>',
      'properties for requests to the registry, as in Confluent clients: basic.auth.user.info, schema.registry.ssl.*',
    )
    .option('--json', 'print one JSON document instead of text', false)
    .option('--quiet', 'no progress on stderr', false);
}

/**
 * What would be found out too late, or not at all: that no registry runs is known by its group, and a group without a name has no members.
 * @throws UsageError
 */
export function checkCommonOptions({ topic, groupId }: CommonOptions): void {
  const problem = topicNameProblem(topic);
  if (problem !== null) throw new UsageError(`--topic '${topic}' can't be the name of a topic: ${problem}.`);
  if (groupId === '') {
    throw new UsageError(
      '--group-id is empty. Name the group that the nodes of the registry elect in, or leave it out.',
    );
  }
}

export interface WaitOption {
  readonly wait?: string;
}

/** Of commands that run plans. */
export function withWaitOption(command: Command): Command {
  return command.option(
    '--wait <time>',
    'with --registry: wait so long for its nodes to be up and to have read all (90s, 15m), and check every id at each',
  );
}

/** For options that may be given several times. */
export function collected(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
