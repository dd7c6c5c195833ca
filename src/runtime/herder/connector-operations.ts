/**
 * What is done to connectors: each thing in its connector's turn, named while it lasts, once it is known which connectors there are, and none
 * after the worker was told to stop.
 */
import type { Clock } from '../../foundation/clock.ts';
import { Deferred } from '../../foundation/deferred.ts';
import type { Logger } from '../../foundation/logger.ts';
import { IllegalStateError } from '../../sdk/errors/kinds.ts';
import { ConnectorTurns } from './connector-turns.ts';
import type { OperationStages } from './operation-stages.ts';
import { isSettledWithin } from './settled-within.ts';

/** A request that only says what should be need not wait for more than that. */
const ACCEPTED_AFTER_MS = 5_000;

export class ConnectorOperations {
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly stages: OperationStages;
  private readonly turns = new ConnectorTurns();
  private readonly opened = new Deferred();
  private isClosed = false;

  constructor(options: { readonly clock: Clock; readonly logger: Logger; readonly stages: OperationStages }) {
    this.clock = options.clock;
    this.logger = options.logger;
    this.stages = options.stages;
  }

  /** From now on they are carried out. */
  open(): void {
    this.opened.resolve();
  }

  /** From now on they are refused, those that wait too. */
  close(): void {
    this.isClosed = true;
    this.opened.resolve();
  }

  /** `what` goes on with `connector <name>`. Rejects with what the operation throws, or IllegalStateError when the worker stops. */
  run<T>(name: string, what: string, operation: () => Promise<T>): Promise<T> {
    return this.turns.run(name, async () => {
      await this.opened.promise;
      if (this.isClosed) throw new IllegalStateError('The worker stops.');
      return this.stages.during(`${what} connector ${name}`, operation);
    });
  }

  /** As `run`, but returns after five seconds at the latest; the operation stays queued behind whatever a plugin is still doing. */
  async accept(name: string, what: string, operation: () => Promise<void>): Promise<void> {
    const done = this.run(name, what, operation);
    if (await isSettledWithin(this.clock, ACCEPTED_AFTER_MS, done)) return done;
    done.catch((error: unknown) =>
      this.logger.warn('What was asked of a connector did not come to pass.', { connector: name, err: error }),
    );
  }

  /** As `run`, in the background: a failure shows in the connector's status, and with the message `failed` in the log. */
  runUnheard(name: string, what: string, failed: string, operation: () => Promise<void>): void {
    void this.run(name, what, operation).catch((error: unknown) =>
      this.logger.debug(failed, { connector: name, err: error }),
    );
  }
}
