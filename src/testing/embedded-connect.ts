import { join } from 'node:path';
import { systemClock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { type CreateWorkerOptions, createWorker, type HoldfastWorker } from '../index.ts';

/** Where a worker for a test keeps its things, and what differs from its defaults. */
export interface EmbeddedConnectOptions extends Partial<Omit<CreateWorkerOptions, 'settings'>> {
  /** Broker, offsets and schema store are kept here; give the same folder again to restart. */
  readonly dir: string;
  /** Above the defaults: String converters, offsets committed every 100 ms. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly logger?: Logger;
}

/** An answer of the REST API. */
export interface RestAnswer {
  readonly status: number;
  /** Parsed JSON, or null for none. */
  readonly body: unknown;
  readonly headers: Headers;
}

/** The status of a connector as the REST API shows it. */
export interface ShownStatus {
  readonly connector: { readonly state: string; readonly trace?: string };
  readonly tasks: readonly {
    readonly id: number;
    readonly state: string;
    readonly trace?: string;
    readonly parked?: {
      readonly reason: string;
      readonly dependency: string;
      readonly code: string;
      readonly partitions: readonly string[];
    };
  }[];
}

/**
 * A whole worker in the test's own process: embedded broker in a folder, REST API on a free port, every message between control plane and task
 * hosts passed through structuredClone. To be stopped at the end of the test.
 */
export class EmbeddedConnect {
  readonly worker: HoldfastWorker;
  readonly dir: string;

  private constructor(worker: HoldfastWorker, dir: string) {
    this.worker = worker;
    this.dir = dir;
  }

  /** Resolves when the REST API answers. @throws as `createWorker` and `start` of its worker do */
  static async start(options: EmbeddedConnectOptions): Promise<EmbeddedConnect> {
    const { dir, settings, ...rest } = options;
    const worker = await createWorker({
      cloneMessages: true,
      ...rest,
      settings: {
        'bootstrap.servers': `embedded:${join(dir, 'broker')}`,
        'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
        'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
        'offset.storage.file.filename': join(dir, 'connect.offsets'),
        'offset.flush.interval.ms': '100',
        listeners: 'http://127.0.0.1:0',
        ...settings,
      },
    });
    await worker.start();
    return new EmbeddedConnect(worker, dir);
  }

  /** Of the REST API, without a slash at the end. */
  get url(): string {
    return this.worker.restUrl;
  }

  /** Asks the REST API; a `body` is sent as JSON. Any status is an answer. @throws what `fetch` does when there is none */
  async request(method: string, path: string, body?: unknown): Promise<RestAnswer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers };
  }

  /** @throws Error with the answer when the connector is refused. */
  async create(name: string, config: Readonly<Record<string, string>>): Promise<void> {
    const { status, body } = await this.request('POST', '/connectors', { name, config });
    if (status !== 201) throw new Error(`POST /connectors answered ${status}: ${JSON.stringify(body)}`);
  }

  /** @throws Error with the answer when there is no such connector. */
  async status(name: string): Promise<ShownStatus> {
    const { status, body } = await this.request('GET', `/connectors/${encodeURIComponent(name)}/status`);
    if (status !== 200) throw new Error(`the status of ${name} answered ${status}: ${JSON.stringify(body)}`);
    return body as ShownStatus;
  }

  /**
   * Looks every 20 ms until the answer is neither false, null nor undefined, and resolves with it; a look that throws counts as not yet.
   * @throws Error whose cause is what was seen or thrown last
   */
  async waitFor<T>(what: string, look: () => Promise<T | false | null | undefined>, timeoutMs = 15_000): Promise<T> {
    const deadline = systemClock.monotonic() + timeoutMs;
    let last: unknown;
    for (;;) {
      try {
        const seen = await look();
        if (seen !== false && seen !== null && seen !== undefined) return seen;
        last = seen;
      } catch (error) {
        last = error;
      }
      if (systemClock.monotonic() > deadline) {
        throw new Error(`${what} did not come true within ${timeoutMs} ms`, { cause: last });
      }
      await systemClock.sleep(20);
    }
  }

  /** Until all tasks (at least one) are in that state. */
  waitForTasks(name: string, state: string, timeoutMs?: number): Promise<ShownStatus> {
    return this.waitFor(
      `${name} with all tasks ${state}`,
      async () => {
        const status = await this.status(name);
        return status.tasks.length > 0 && status.tasks.every((task) => task.state === state) && status;
      },
      timeoutMs,
    );
  }

  /** Stops connectors and tasks with their last commits, then everything else. */
  async stop(): Promise<void> {
    await this.worker.stop();
  }
}
