/**
 * Reads and alters the offsets of a connector from outside. Kafka Connect 4.1.1 (KIP-875): those of a source are in the offset
 * store, those of a sink in its consumer group. The connector is asked first, on an instance that is never started.
 */
import type { Admin } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import { Deferred } from '../../foundation/deferred.ts';
import { exactJson } from '../../foundation/exact-json.ts';
import type { Logger } from '../../foundation/logger.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { ConfigError, DataError, UnsupportedOperationError } from '../../sdk/errors/kinds.ts';
import { messageOf, readableError } from '../../sdk/errors/readable-error.ts';
import type { OffsetMap } from '../../sdk/task.ts';
import type { ResolvedConnector } from '../config/connector-configs.ts';
import type { AlteredOffsets } from '../host/protocol.ts';
import type { Worker } from '../worker/worker.ts';
import type { DesiredConnector } from './desired-connectors.ts';
import type { ConnectorOffset } from './herder.ts';
import { offsetsOfGroup, parseSinkOffsets, SinkGroupOffsets, type SinkOffsetChange } from './sink-connector-offsets.ts';

export const OFFSETS_NOT_ALTERED = defineErrorCode('holdfast.connector.offsets-not-altered', {
  what: 'The offsets of a connector could not be read or altered, or the connector refused it.',
  mend: 'Read the message and its cause in the log. A connector has to be STOPPED, and nobody else a member of its consumer group.',
});

export const CONNECTOR_NOT_STOPPED = defineErrorCode('holdfast.connector.not-stopped', {
  what: 'The offsets of a connector can be altered only while it is STOPPED.',
  mend: 'Stop it with PUT /connectors/{connector}/stop, alter its offsets, and resume it.',
});

/** Altering has no answer to give after that; what the broker is asked for ends then, too. */
const TIME_LIMIT_MS = 60_000;

export class ConnectorOffsets {
  private readonly worker: Worker;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly running = new Map<string, AbortController>();

  constructor(options: { readonly worker: Worker; readonly clock: Clock; readonly logger: Logger }) {
    this.worker = options.worker;
    this.clock = options.clock;
    this.logger = options.logger;
  }

  /** Invariant 7: asks no plugin. */
  async read({ name, resolved }: DesiredConnector): Promise<readonly ConnectorOffset[]> {
    if (resolved.type === 'source') {
      return this.guarded(`Failed to retrieve offsets for source connector ${name}`, name, () =>
        this.worker.offsetReader(name).all(),
      );
    }
    const message = `Failed to retrieve consumer group offsets for sink connector ${name}`;
    return this.guarded(message, name, () =>
      this.limited((signal) =>
        this.withAdmin(resolved, async (admin, groupId) => offsetsOfGroup(await admin.groupOffsets(groupId, signal))),
      ),
    );
  }

  /**
   * @param offsets null: all that are known are reset. Of several for one partition the last one counts.
   * @returns whether the connector altered what it keeps itself, too.
   * @throws ConfigError `holdfast.connector.not-stopped`, and for offsets that a sink can't have; ConnectError `holdfast.connector.offsets-not-altered`
   */
  async alter(owner: DesiredConnector, offsets: readonly ConnectorOffset[] | null): Promise<boolean> {
    const { name, resolved } = owner;
    if (owner.target !== 'STOPPED' || owner.taskConfigs.length > 0) {
      throw new ConfigError(
        `Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/${name}/stop' endpoint`,
        { code: CONNECTOR_NOT_STOPPED },
      );
    }
    const cancelled = new AbortController();
    this.running.set(name, cancelled);
    try {
      return resolved.type === 'source'
        ? await this.alterSource(name, resolved, offsets, cancelled.signal)
        : await this.alterSink(name, resolved, offsets, cancelled.signal);
    } catch (error) {
      this.logger.error('The offsets of a connector were not altered.', { connector: name, err: error });
      throw error;
    } finally {
      if (this.running.get(name) === cancelled) this.running.delete(name);
    }
  }

  /** A connector whose `alterOffsets` doesn't return holds up nothing that ends it. */
  cancel(name: string): void {
    this.running.get(name)?.abort(new ConnectError('it was cancelled by another request'));
  }

  private async alterSource(
    name: string,
    resolved: ResolvedConnector,
    given: readonly ConnectorOffset[] | null,
    cancelled: AbortSignal,
  ): Promise<boolean> {
    // A task that did not end in time was abandoned with its last commit under way: what that writes is to be known, too, and not to come later.
    await this.worker.offsetsSettled(name);
    const known = await this.worker.offsetReader(name).all();
    const changes =
      given === null ? known.map(({ partition }) => ({ partition, offset: null })) : distinct(given, known);
    // A plugin hears of a missing partition as it was given: refusing it is its own.
    const altered = await this.ask(name, resolved, cancelled, changes as AlteredOffsets);
    await this.guarded(`Failed to modify offsets for source connector ${name}`, name, () =>
      this.worker.writeOffsets(
        name,
        changes.flatMap(({ partition, offset }) => {
          if (partition !== null) return [{ partition, offset }];
          // Nothing is stored of no partition that could be taken away.
          if (offset === null) return [];
          throw this.refusal('Partition objects cannot be null');
        }),
      ),
    );
    return altered;
  }

  private async alterSink(
    name: string,
    resolved: ResolvedConnector,
    given: readonly ConnectorOffset[] | null,
    cancelled: AbortSignal,
  ): Promise<boolean> {
    const parsed = given === null ? null : parseSinkOffsets(given);
    return this.withAdmin(resolved, (admin, groupId) =>
      this.limited(async (signal) => {
        const group = new SinkGroupOffsets({ admin, groupId, connector: name, logger: this.logger });
        const changes = parsed ?? (await group.resets(signal));
        const altered = await this.ask(name, resolved, cancelled, byPartition(changes));
        if (parsed === null) await group.reset(signal);
        else await group.alter(parsed, signal);
        return altered;
      }),
    );
  }

  /** False when the connector has nothing to say to it. */
  private async ask(
    name: string,
    resolved: ResolvedConnector,
    cancelled: AbortSignal,
    offsets: AlteredOffsets,
  ): Promise<boolean> {
    const { desc, type, connectorConfig: config } = resolved;
    try {
      const alter = (signal: AbortSignal): Promise<boolean | undefined> =>
        this.worker.questions.alterOffsets(name, desc, resolved.placement(), { config, offsets }, signal);
      return (await this.withinLimit(name, cancelled, alter)) === true;
    } catch (thrown) {
      const cause = readableError(thrown);
      if (cause instanceof UnsupportedOperationError) {
        throw this.refusal(
          `Failed to modify offsets for connector ${name} because it doesn't support external modification of offsets`,
          cause,
        );
      }
      // An error that the connector throws on purpose is the answer; the text of a programming mistake (a TypeError, say) is not shown.
      const spoken = cause instanceof Error && (cause instanceof ConnectError || !isMistake(cause));
      throw this.refusal(spoken ? cause.message : `Failed to modify offsets for ${type} connector ${name}`, cause);
    }
  }

  /** Runs within the time limit. When it is exceeded or cancelled, `run` is aborted, so that it alters nothing after the caller got its refusal. */
  private async withinLimit<T>(
    name: string,
    cancelled: AbortSignal,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const over = new AbortController();
    const givenUp = new Deferred<never>();
    givenUp.promise.catch(() => {});
    const giveUp = (why: string): void => {
      const refusal = this.refusal(`The alterOffsets method of connector ${name} did not return: ${why}.`);
      givenUp.reject(refusal);
      over.abort(refusal);
    };
    const timer = this.clock.setTimer(() => giveUp(`it had ${TIME_LIMIT_MS} ms`), TIME_LIMIT_MS);
    const onAbort = (): void => giveUp(messageOf(cancelled.reason));
    if (cancelled.aborted) onAbort();
    cancelled.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([givenUp.promise, givenUp.settled ? givenUp.promise : run(over.signal)]);
    } finally {
      timer.cancel();
      cancelled.removeEventListener('abort', onAbort);
    }
  }

  private async limited<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const over = (): void => limit.abort(new ConnectError(`the broker did not answer within ${TIME_LIMIT_MS} ms`));
    const timer = this.clock.setTimer(over, TIME_LIMIT_MS);
    try {
      return await run(limit.signal);
    } finally {
      timer.cancel();
    }
  }

  private async withAdmin<T>(
    { groupAccess }: ResolvedConnector,
    run: (admin: Admin, groupId: string) => Promise<T>,
  ): Promise<T> {
    const admin = this.worker.admin(groupAccess.adminSettings);
    try {
      return await run(admin, groupAccess.groupId);
    } finally {
      await admin.close();
    }
  }

  private async guarded<T>(message: string, name: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (cause) {
      if (cause instanceof ConnectError && cause.code === OFFSETS_NOT_ALTERED) throw cause;
      this.logger.error(message, { connector: name, err: cause });
      throw this.refusal(cause instanceof DataError ? cause.message : message, cause);
    }
  }

  private refusal(message: string, cause?: unknown): ConnectError {
    return new ConnectError(message, { code: OFFSETS_NOT_ALTERED, cause });
  }
}

/** The last one of each partition. A partition that is known already is named as it is there: its key is its text. */
function distinct(
  given: readonly ConnectorOffset[],
  known: readonly { readonly partition: OffsetMap }[],
): readonly ConnectorOffset[] {
  const spellings = new Map(known.map(({ partition }) => [identity(partition), partition]));
  const changes = new Map<string, ConnectorOffset>();
  for (const { partition, offset } of given) {
    const key = identity(partition);
    changes.set(key, { partition: spellings.get(key) ?? partition, offset });
  }
  return [...changes.values()];
}

/** Equal for maps with the same entries, as Java's maps are. */
function identity(partition: OffsetMap | null): string {
  return partition === null ? '' : exactJson(Object.entries(partition).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function byPartition(changes: readonly SinkOffsetChange[]): ReadonlyMap<string, number | null> {
  return new Map(changes.map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]));
}

/** By name, as it may come from another thread. */
function isMistake({ name }: Error): boolean {
  return ['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'].includes(name);
}
