/** `holdfast demo`: two real pipelines over public tables, with the registry's primary away in the middle. */
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import { FILE_UNREADABLE } from '../connector-file.ts';
import { UsageError } from '../exit-codes.ts';
import { stopSignal } from '../stop-signals.ts';
import { DemoConsole } from './demo-console.ts';
import { isClean, renderReport } from './demo-report.ts';
import { runStory } from './demo-story.ts';
import { demoTables } from './demo-tables.ts';
import { openDemoWorker } from './demo-worker.ts';

export interface DemoArguments {
  readonly data: string;
  readonly fresh: boolean;
  readonly exit: boolean;
  readonly port: string;
}

/** Exit code 0 only when the audit is clean. */
export async function runDemo(args: DemoArguments): Promise<void> {
  const port = Number(args.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new UsageError(`--port must be a port number from 0 to 65535, not ${args.port}.`);
  }
  const tables = demoTables();
  const folder = resolve(args.data);
  // Only what the demo itself made: the folder may be the user's own.
  if (args.fresh)
    await Promise.all(DEMO_ENTRIES.map((name) => rm(join(folder, name), { recursive: true, force: true })));
  try {
    await mkdir(join(folder, 'output'), { recursive: true });
  } catch (cause) {
    throw new ConfigError(
      `The folder ${folder} can't be made: ${(cause as Error).message}. Name another one with --data.`,
      { code: FILE_UNREADABLE, cause },
    );
  }
  const interrupted = new AbortController();
  const signal = stopSignal().then((name) => {
    interrupted.abort(new Error(`stopped by ${name}`));
  });
  const screen = new DemoConsole(process.stdout);
  const demo = await openDemoWorker({ folder, port });
  // Left behind by a run that was killed: then what it had not committed comes again, at least once.
  const marker = join(folder, 'running');
  const wasKilled = existsSync(marker);
  await writeFile(marker, `${process.pid}\n`);
  let clean = false;
  try {
    screen.say(
      `The worker runs on the embedded broker in ${folder} with an embedded registry of two nodes (${demo.registryUrls.join(', ')}).`,
    );
    screen.say(
      `The registry is for first runs, tests and development. REST API: ${demo.worker.restUrl}, log: ${demo.logFile}`,
    );
    const reports = await runStory({ demo, tables, folder, screen, wasKilled, signal: interrupted.signal });
    if (reports !== null) {
      clean = isClean(reports);
      screen.print(renderReport(reports, { wasKilled }));
      if (!args.exit) {
        screen.print(
          `\nThe worker goes on at ${demo.worker.restUrl} until Ctrl-C, for example: curl ${demo.worker.restUrl}/connectors?expand=status`,
        );
        await signal;
      }
    }
  } finally {
    await demo.stop();
    await rm(marker, { force: true });
  }
  if (interrupted.signal.aborted && !clean) screen.say('Stopped. The next run goes on from here.');
  // The registry's and the worker's sockets are closed; nothing is left to wait for.
  process.exit(clean ? 0 : 3);
}

const DEMO_ENTRIES = ['broker', 'output', 'schema-store', 'connect.offsets', 'holdfast.log', 'running'] as const;
