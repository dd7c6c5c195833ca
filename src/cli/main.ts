#!/usr/bin/env node
/** The command line. Exit codes: 0 done, 1 wrong usage, 2 wrong settings, 3 failed, 128 + n ended by signal n. */
import { Command, CommanderError } from 'commander';
import { guardOutput } from './command-output.ts';
import { CLI_USAGE, EXIT_USAGE, reportFailure } from './exit-codes.ts';
import type { RegistryArguments } from './registry-command.ts';
import { endOnSignal } from './stop-signals.ts';

const outputWritten = guardOutput();
const program = new Command('holdfast')
  .description('A Kafka Connect-compatible worker that holds its records through every change of the schema registry.')
  .showHelpAfterError()
  .configureOutput({
    outputError: (text, write) => write(`holdfast: ${text.replace(/^error: /, '').trimEnd()} [${CLI_USAGE}]\n`),
  })
  .exitOverride();

program
  .command('standalone')
  .description('Run a worker with the connectors of the given files; the arguments of connect-standalone.')
  .argument(
    '[worker.properties]',
    'settings of the worker; CONNECT_* variables stand above them and may replace the file',
  )
  .argument('[connectors...]', 'connector files: .properties or JSON')
  .action(async (workerFile: string | undefined, connectorFiles: readonly string[]) => {
    const { runStandalone } = await import('./standalone-command.ts');
    await runStandalone({ workerFile, connectorFiles });
  });

program
  .command('demo')
  .description(
    'Run two pipelines over public tables on the embedded broker, take the registry away meanwhile, and audit what arrived.',
  )
  .option('--data <folder>', 'where everything is kept', '.holdfast/demo')
  .option('--fresh', 'start over: forget what an earlier run did', false)
  .option('--exit', 'stop after the table instead of serving until Ctrl-C', false)
  .option('--port <port>', 'port of the REST API', '8083')
  .action(async (options: { data: string; fresh: boolean; exit: boolean; port: string }) => {
    const { runDemo } = await import('./demo/demo-command.ts');
    await runDemo(options);
  });

program
  .command('registry')
  .description(
    'Run one node of the embedded schema registry over a Kafka; several elect their primary as real ones do. For tests and development.',
  )
  .requiredOption(
    '--bootstrap-servers <servers>',
    'the Kafka that keeps the schemas and the group: host:port[,host:port...]',
  )
  .option('--command-config <file>', 'properties of the Kafka clients: security, for example')
  .option('--host <host>', 'where to listen', '127.0.0.1')
  .option('--port <port>', 'where to listen; 0: any free one', '8081')
  .option('--advertised-host <host>', 'what the other nodes are told; --host unless told')
  .option('--advertised-port <port>', 'what the other nodes are told; --port unless told')
  .option('--vendor <vendor>', 'whose behaviour: confluent or karapace', 'confluent')
  .option('--group-id <group>', 'the group that the nodes elect in', 'schema-registry')
  .option('--topic <topic>', 'the topic that keeps the schemas', '_schemas')
  .option('--no-master-eligibility', 'never become the primary')
  .option('--session-timeout-ms <ms>', 'a node that is gone is noticed after this; 10000 unless told')
  .option('--heartbeat-interval-ms <ms>', 'the smaller of 3000 and a third of the session timeout unless told')
  .option('--rebalance-timeout-ms <ms>', "the vendor's own unless told: 300000 or 30000")
  .option('--primary-wait-ms <ms>', "a new primary writes after this; the vendor's own unless told: 0 or 5000")
  .option('--forward-timeout-ms <ms>', 'a forwarded request is given up after this; 60000 unless told')
  .option('--catch-up-timeout-ms <ms>', 'a new primary may need this long to read the topic; 60000 unless told')
  .option(
    '--store-timeout-ms <ms>',
    'a write that Kafka does not acknowledge is given up after this; 10000 unless told',
  )
  .option('--replay-ms <ms>', 'reading the topic takes this long at least; 350 unless told')
  .option('--lag-ms <ms>', 'records reach its view so much later', '0')
  .option('--allow-test-controls', 'let POST /_test/... hold back its view; on the loopback interface only', false)
  .option('--log-level <level>', 'trace, debug, info, warn, error or fatal', 'info')
  .action(async (options: RegistryArguments) => {
    const { runRegistry } = await import('./registry-command.ts');
    await runRegistry(options);
  });

const offsets = program
  .command('offsets')
  .description("Move source offsets between Kafka Connect's standalone worker and Holdfast, with both stopped.");

for (const direction of ['import', 'export'] as const) {
  const theirs = "the offset file of Kafka Connect's standalone worker";
  offsets
    .command(direction)
    .description(
      direction === 'import' ? `Make an offset file of Holdfast from ${theirs}.` : `Make ${theirs} from ours.`,
    )
    .argument('<from>', 'the file to read')
    .argument('<to>', 'the file to write')
    .option('--dry-run', 'print the offsets and write nothing', false)
    .option('--overwrite', 'replace the file to write if it is there', false)
    .action(async (from: string, to: string, options: { dryRun: boolean; overwrite: boolean }) => {
      const { runOffsets } = await import('./offsets-command.ts');
      await runOffsets({ direction, from, to, ...options });
    });
}

offsets
  .command('list')
  .description('Print what an offset file of either holds.')
  .argument('<file>', 'the file to read')
  .action(async (file: string) => {
    const { listOffsets } = await import('./offsets-command.ts');
    await listOffsets(file);
  });

const schemas = program
  .command('schemas')
  .description("Back up, verify, restore and repair a schema registry's content, with the registry up or down.");
// Its commands load much that a worker has no use for.
if (process.argv.slice(2, 4).includes('schemas')) {
  const { addSchemasCommands } = await import('./schemas/schemas-program.ts');
  addSchemasCommands(schemas);
}

program
  .command('version')
  .description('Print the version.')
  .action(async () => {
    const { packageVersion } = await import('./package-version.ts');
    console.log(packageVersion());
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
  else process.exitCode = reportFailure(error);
}
// It waits for a reader that may never read on.
endOnSignal();
try {
  await outputWritten();
} catch (error) {
  const code = reportFailure(error);
  process.exitCode ||= code;
}
// Plugins may have left timers or sockets behind; everything of ours is closed and durable.
setImmediate(() => process.exit());
