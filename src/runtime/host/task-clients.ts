import { setMaxListeners } from 'node:events';
import type { ClientFigures } from '../../broker/client-figures.ts';
import type { Admin, Fetcher, MeasuredClient, Producer } from '../../broker/ports.ts';

/** The clients of the broker that a task opened, closed once. */
export class TaskClients {
  private readonly closers: ((timeoutMs: number) => Promise<void>)[] = [];
  private readonly measured: MeasuredClient[] = [];
  private readonly ending = new AbortController();

  constructor() {
    setMaxListeners(0, this.ending.signal);
  }

  /** Aborted when they are closed. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  producer(producer: Producer): Producer {
    return this.add(producer, (timeoutMs) => producer.close(timeoutMs));
  }

  fetcher(fetcher: Fetcher): Fetcher {
    return this.add(fetcher, () => fetcher.close());
  }

  admin(admin: Admin): Admin {
    return this.add(admin, () => admin.close());
  }

  figures(): readonly ClientFigures[] {
    return this.measured.flatMap((client) => client.figures?.() ?? []);
  }

  async close(timeoutMs: number): Promise<void> {
    const closers = this.closers.splice(0);
    const closing = closers.map((close) => close(timeoutMs));
    this.ending.abort();
    await Promise.allSettled(closing);
  }

  private add<T extends MeasuredClient>(client: T, close: (timeoutMs: number) => Promise<void>): T {
    this.measured.push(client);
    this.closers.push(close);
    return client;
  }
}
