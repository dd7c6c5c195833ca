#!/usr/bin/env node
/** The command line. Exit codes: 0 done, 1 wrong usage, 2 wrong settings, 3 failed, 128 + n ended by signal n. */
import { Command, CommanderError } from 'commander';
import { EXIT_USAGE, reportFailure } from './exit-codes.ts';

const program = new Command('holdfast')
  .description('A Kafka Connect-compatible worker that holds its records through every change of the schema registry.')
  .showHelpAfterError()
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
// Plugins may have left timers or sockets behind; everything of ours is closed and durable.
setImmediate(() => process.exit());
