import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ShownStatus } from '../../src/testing/embedded-connect.ts';
import type { ProcessExit } from './child-process.ts';
import { type HoldfastProcess, runHoldfast } from './holdfast-process.ts';
import { freePort } from './ports.ts';
import { writeProperties } from './properties-file.ts';
import { TASK_ISOLATION } from './task-isolation.ts';

export interface WorkerProcessOptions {
  /** Settings, offsets and logs are kept here; give the same folder again to restart. */
  readonly dir: string;
  /** `host:port` or `embedded:<folder>`. */
  readonly bootstrapServers: string;
  /** Above String converters, offsets committed every 50 ms. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Configurations by name. */
  readonly connectors: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly port?: number;
  /** Environment variables of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A program with its arguments that runs node. */
  readonly launcher?: readonly string[];
}

/** The built command line running `standalone` with files, in a process that can be killed. */
export class WorkerProcess {
  readonly process: HoldfastProcess;
  readonly url: string;
  readonly offsetFile: string;

  private constructor(process: HoldfastProcess, url: string, offsetFile: string) {
    this.process = process;
    this.url = url;
    this.offsetFile = offsetFile;
  }

  /** Resolves as soon as the process exists. */
  static async spawn(options: WorkerProcessOptions): Promise<WorkerProcess> {
    const { dir, bootstrapServers, settings, connectors, env = {}, launcher = [] } = options;
    mkdirSync(dir, { recursive: true });
    const port = options.port ?? (await freePort());
    const offsetFile = settings?.['offset.storage.file.filename'] ?? join(dir, 'connect.offsets');
    const workerFile = join(dir, 'worker.properties');
    writeProperties(workerFile, {
      'bootstrap.servers': bootstrapServers,
      'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'offset.storage.file.filename': offsetFile,
      'offset.flush.interval.ms': '50',
      listeners: `http://127.0.0.1:${port}`,
      'task.isolation': TASK_ISOLATION,
      ...settings,
    });
    const files = Object.entries(connectors).map(([name, config]) => {
      const file = join(dir, `${name}.properties`);
      writeProperties(file, { name, ...config });
      return file;
    });
    const process = await runHoldfast(['standalone', workerFile, ...files], { cwd: dir, env, launcher });
    return new WorkerProcess(process, `http://127.0.0.1:${port}`, offsetFile);
  }

  /** Resolves when it says that it is ready. */
  static async start(options: WorkerProcessOptions): Promise<WorkerProcess> {
    const worker = await WorkerProcess.spawn(options);
    await worker.process.waitForLine('The worker is ready.');
    return worker;
  }

  async request(
    method: string,
    path: string,
    json?: unknown,
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    const sent =
      json === undefined ? {} : { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } };
    const response = await fetch(`${this.url}${path}`, { method, ...sent, signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  }

  /** With a JSON body. A call that waits for a plugin may take long. */
  async send(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      signal: AbortSignal.timeout(60_000),
    });
    return { status: response.status, text: await response.text() };
  }

  async status(connector: string): Promise<ShownStatus> {
    const { status, body } = await this.request('GET', `/connectors/${connector}/status`);
    if (status !== 200) throw new Error(`the status of ${connector} answered ${status}: ${JSON.stringify(body)}`);
    return body as ShownStatus;
  }

  /** Every task of the connectors that is FAILED, with its trace: empty in the good case. */
  async failures(...connectors: readonly string[]): Promise<readonly string[]> {
    const statuses = await Promise.all(connectors.map((name) => this.status(name)));
    return statuses.flatMap(({ connector, tasks }) =>
      [connector, ...tasks].filter(({ state }) => state === 'FAILED').map(({ trace }) => trace ?? 'no trace'),
    );
  }

  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void> {
    return this.process.kill(9);
  }

  /** SIGTERM; resolves with how it ended. */
  stop(graceMs = 20_000): Promise<ProcessExit> {
    return this.process.stop({ graceMs });
  }
}

/** Looks every 20 ms until the answer is neither false, null nor undefined; a look that throws counts as not yet. */
export async function eventually<T>(
  what: string,
  look: () => T | false | null | undefined | Promise<T | false | null | undefined>,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== false && seen !== null && seen !== undefined) return seen;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: last });
    }
    await delay(20);
  }
}
