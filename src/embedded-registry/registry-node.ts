/**
 * One node of the registry: answers from its own copy of the topic, decides when it is the primary, forwards when it is
 * not. Speaks no HTTP itself.
 */
import type { Clock } from '../foundation/clock.ts';
import { Deferred } from '../foundation/deferred.ts';
import type { Logger } from '../foundation/logger.ts';
import type { Assignment, PrimaryElection } from './primary-election.ts';
import { failures, ok, PLAIN_INTERNAL_ERROR, type RegistryAnswer, RegistryFailure } from './registry-answer.ts';
import type { Evaluation } from './registry-core.ts';
import { RegistryCore, type RegistryCoreOptions } from './registry-core.ts';
import { encodeRecord, type RegistryRecord } from './registry-record.ts';
import type { Rollback } from './registry-state.ts';
import { Replica, ReplicaLag } from './replica.ts';
import type { RegistryOperation, RegistryRequest } from './routes.ts';
import { abortable, type SchemasLog } from './schemas-log.ts';
import type { RegistryTimings, VendorProfile } from './vendor-profile.ts';

export interface RegistryNodeOptions {
  readonly url: string;
  readonly core: RegistryCoreOptions;
  readonly log: SchemasLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timings: RegistryTimings;
  readonly election: PrimaryElection;
  /** The node with that URL, if it is known. */
  readonly peer: (url: string) => RegistryPeer | undefined;
}

/** Another node, as a node that forwards sees it. */
export interface RegistryPeer {
  /**
   * Its answer to what another node forwarded. Rejects with {@link ConnectionLostError} when it is not there, or goes away
   * meanwhile, and with the signal's reason.
   */
  answerForwarded(request: RegistryRequest, signal: AbortSignal): Promise<RegistryAnswer>;
}

/** `down`: its port refuses. `frozen`: it takes requests and does nothing, as under SIGSTOP. */
export type NodeCondition = 'up' | 'down' | 'frozen';

/**
 * What a script may put in the place of everything that only the primary decides; `proceed` does the thing itself. undefined:
 * no say in it.
 */
export type WriteOverride = (
  request: RegistryRequest,
  operation: RegistryOperation,
  signal: AbortSignal,
  proceed: () => Promise<RegistryAnswer>,
) => Promise<RegistryAnswer> | undefined;

interface NodeLife {
  readonly core: RegistryCore;
  readonly replica: Replica;
  readonly end: AbortController;
}

export class RegistryNode implements RegistryPeer {
  readonly url: string;
  readonly lag = new ReplicaLag();
  /** For scripts. */
  writeOverride: WriteOverride | undefined;
  private readonly options: RegistryNodeOptions;
  private life: NodeLife | undefined;
  private thawed: Deferred | undefined;
  /** Settles when this node, as the primary, may write; undefined: it is not the primary. */
  private readiness: { readonly ready: Promise<void>; done: boolean } | undefined;
  private lastWrite: Promise<unknown> = Promise.resolve();
  /** Set after a write of unknown outcome: settles when it is known whether the log has it. */
  private unsettled: Promise<unknown> | undefined;
  private startedAt = 0;

  constructor(options: RegistryNodeOptions) {
    this.options = options;
    this.url = options.url;
  }

  get condition(): NodeCondition {
    if (this.life === undefined) return 'down';
    return this.thawed === undefined ? 'up' : 'frozen';
  }

  get isPrimary(): boolean {
    return this.life !== undefined && this.options.election.primary === this.url;
  }

  /** Settles when this node, being the primary, may write; undefined when it is not the primary. */
  get becomingWritable(): Promise<void> | undefined {
    return this.isPrimary ? this.readiness?.ready : undefined;
  }

  /** The primary, caught up, its wait over. */
  get isWritable(): boolean {
    return this.isPrimary && this.readiness?.done === true;
  }

  get appliedOffset(): number {
    return this.life?.replica.appliedOffset ?? 0;
  }

  get core(): RegistryCore | undefined {
    return this.life?.core;
  }

  /** Begins to read; `replayMs` as a restarted node, 0 as one of a new cluster. */
  start({ replayMs }: { readonly replayMs: number }): void {
    if (this.life !== undefined) return;
    const { log, clock, logger } = this.options;
    const core = new RegistryCore(this.options.core);
    const onRollback = (rollback: Rollback): void => this.undo(rollback);
    const replica = new Replica({ core, log, clock, logger, replayMs, lag: this.lag, onRollback });
    this.life = { core, replica, end: new AbortController() };
    this.startedAt = clock.monotonic();
    replica.start();
  }

  /** Resolves when the node knows what the topic held at the time of the call. */
  async replayed(signal: AbortSignal): Promise<void> {
    const { life } = this;
    if (life === undefined) return;
    await life.replica.caughtUpTo(await this.options.log.endOffset(signal), signal);
  }

  /** Resolves when the node knows everything below the offset. Rejects with the signal's reason, or when it goes down. */
  async applied(offset: number, signal: AbortSignal): Promise<void> {
    await this.life?.replica.caughtUpTo(offset, signal);
  }

  joinElection(): void {
    this.options.election.join(this.url, (assignment) => this.onAssigned(assignment));
  }

  /** Ends without waiting for anything, as a killed process does. Whoever waits for an answer loses the connection. */
  stop(): void {
    const { life } = this;
    this.life = undefined;
    this.readiness = undefined;
    this.lastWrite = Promise.resolve();
    this.unsettled = undefined;
    this.thaw();
    life?.replica.stop();
    life?.end.abort(new ConnectionLostError());
  }

  freeze(): void {
    this.thawed ??= new Deferred();
    this.lag.setFrozen(true);
  }

  thaw(): void {
    if (this.thawed === undefined) return;
    this.lag.setFrozen(false);
    this.thawed.resolve();
    this.thawed = undefined;
  }

  /**
   * Answers a client. Rejects with {@link ConnectionLostError} when the node goes down meanwhile, and with the signal's
   * reason.
   */
  async handle(request: RegistryRequest, signal: AbortSignal): Promise<RegistryAnswer> {
    return this.answer(request, signal, request.isForwarded === true);
  }

  answerForwarded(request: RegistryRequest, signal: AbortSignal): Promise<RegistryAnswer> {
    return this.answer(request, signal, true);
  }

  private async answer(request: RegistryRequest, signal: AbortSignal, isForwarded: boolean): Promise<RegistryAnswer> {
    const { life } = this;
    if (life === undefined) throw new ConnectionLostError();
    const either = AbortSignal.any([signal, life.end.signal]);
    while (this.thawed !== undefined) await abortable(this.thawed.promise, either);
    const evaluation = life.core.evaluate(request, this.isPrimary ? 'primary' : 'replica');
    try {
      switch (evaluation.kind) {
        case 'answer':
          // A primary that still reads the topic does not refuse by what it has not read yet.
          if (this.isPrimary && evaluation.operation === 'register' && evaluation.answer.status >= 400) {
            return await abortable(this.write(request, life), either);
          }
          return evaluation.answer;
        case 'node':
          return await abortable(this.nodeAnswer(evaluation.operation, { request, isForwarded }, either), either);
        default: {
          const isWrite = evaluation.kind === 'write';
          const proceed = async (): Promise<RegistryAnswer> => {
            if (isWrite) return this.write(request, life);
            if (isForwarded) throw failures.noPrimary(this.profile.noPrimaryCode);
            return this.forward(request, either);
          };
          const scripted = this.writeOverride?.(request, evaluation.operation, either, proceed);
          return await abortable(scripted ?? proceed(), either);
        }
      }
    } catch (error) {
      if (error instanceof RegistryFailure) return error.answer;
      throw error;
    }
  }

  private get profile(): VendorProfile {
    const { life } = this;
    if (life === undefined) throw new ConnectionLostError();
    return life.core.profile;
  }

  private async forward(request: RegistryRequest, signal: AbortSignal): Promise<RegistryAnswer> {
    const { election, peer, timings, clock } = this.options;
    if (election.primary === null || election.primary === this.url) {
      throw failures.noPrimary(this.profile.noPrimaryCode);
    }
    const primary = peer(election.primary);
    if (primary === undefined) return this.refusedForward();
    const limit = new AbortController();
    const timer = clock.setTimer(() => limit.abort(new ForwardTimeoutError()), timings.forwardTimeoutMs, {
      unref: true,
    });
    try {
      return await primary.answerForwarded(request, AbortSignal.any([signal, limit.signal]));
    } catch (error) {
      if (error instanceof ForwardTimeoutError) throw failures.forwardingFailed();
      if (error instanceof ConnectionLostError && !signal.aborted) return this.refusedForward();
      throw error;
    } finally {
      timer.cancel();
    }
  }

  private refusedForward(): RegistryAnswer {
    if (this.profile.refusedForward === 'plain-text') return PLAIN_INTERNAL_ERROR;
    throw failures.forwardingFailed();
  }

  /** One write after the other: each decides by what the one before has left. */
  private write(request: RegistryRequest, life: NodeLife): Promise<RegistryAnswer> {
    const turn = this.lastWrite.then(() => this.writeInTurn(request, life));
    this.lastWrite = turn.catch(() => {});
    return turn;
  }

  private async writeInTurn(request: RegistryRequest, life: NodeLife): Promise<RegistryAnswer> {
    const { timings } = this.options;
    const { readiness } = this;
    // It may have waited for its turn while the process was stopped, and the group have gone on without it.
    if (readiness === undefined || !this.isPrimary) throw failures.noPrimary(this.profile.noPrimaryCode);
    if (!readiness.done) {
      if (timings.primaryWaitMs > 0) throw failures.forwardingFailed();
      await this.within(timings.catchUpTimeoutMs, life, () => readiness.ready, failures.forwardingFailed);
    }
    const { unsettled } = this;
    if (unsettled !== undefined) {
      // Whoever decides before the earlier record is in, or is known not to come, gives its id to another schema.
      const settle = async (signal: AbortSignal): Promise<void> => {
        await abortable(unsettled, signal);
        await this.replayed(signal);
      };
      await this.within(timings.storeTimeoutMs, life, settle, () => this.storeTimeout());
      this.unsettled = undefined;
    }
    // The group may have named another one while this one still read, and this one not know of it yet: both would give out the same id.
    if (this.readiness !== readiness || !this.isPrimary) throw failures.noPrimary(this.profile.noPrimaryCode);
    const evaluation: Evaluation = life.core.evaluate(request, 'primary');
    if (evaluation.kind === 'answer') return evaluation.answer;
    if (evaluation.kind !== 'write') throw failures.noPrimary(this.profile.noPrimaryCode);
    await this.store(evaluation.records, life);
    // Another primary may have given the id away before the record was in.
    if (!this.isPrimary) throw failures.storeError();
    return evaluation.answer;
  }

  /** In the topic, and read back by this node. Throws 50001 and 50002: it may be in the topic then all the same. */
  private async store(records: readonly RegistryRecord[], life: NodeLife): Promise<void> {
    const { log, logger, timings } = this.options;
    const appended = log.append(records.map(encodeRecord));
    const settled = appended.catch(() => {});
    const write = async (signal: AbortSignal): Promise<void> => {
      let offset: number;
      try {
        offset = await appended;
      } catch (error) {
        this.unsettled = settled;
        logger.error('The embedded registry could not write to its topic.', { err: error });
        throw failures.storeError();
      }
      await life.replica.caughtUpTo(offset + 1, signal);
    };
    await this.within(timings.storeTimeoutMs, life, write, () => {
      this.unsettled = settled;
      return this.storeTimeout();
    });
  }

  private storeTimeout(): RegistryFailure {
    return this.profile.vendor === 'karapace'
      ? new RegistryFailure(500, 500, 'Internal Server Error')
      : failures.storeTimeout();
  }

  private async within(
    limitMs: number,
    life: NodeLife,
    work: (signal: AbortSignal) => Promise<void>,
    failure: () => RegistryFailure,
  ): Promise<void> {
    const limit = new AbortController();
    const timer = this.options.clock.setTimer(() => limit.abort(failure()), limitMs, { unref: true });
    try {
      const either = AbortSignal.any([limit.signal, life.end.signal]);
      await abortable(work(either), either);
    } finally {
      timer.cancel();
    }
  }

  private onAssigned({ primary, isNew }: Assignment): void {
    const { life } = this;
    if (life === undefined || primary !== this.url) {
      this.readiness = undefined;
      return;
    }
    if (!isNew && this.readiness !== undefined) return;
    const ready = this.becomeReady(life);
    const readiness = { ready, done: false };
    this.readiness = readiness;
    ready.then(
      () => {
        readiness.done = true;
      },
      (error: unknown) => {
        if (!life.end.signal.aborted) {
          this.options.logger.error('A node of the embedded registry could not take over.', {
            node: this.url,
            err: error,
          });
        }
      },
    );
  }

  /** A new primary writes a record and waits until it reads it back: then it has read everything before, too. */
  private async becomeReady(life: NodeLife): Promise<void> {
    const { log, clock, timings } = this.options;
    const offset = await log.append([encodeRecord({ keytype: 'NOOP' })]);
    await life.replica.caughtUpTo(offset + 1, life.end.signal);
    if (timings.primaryWaitMs > 0) await clock.sleep(timings.primaryWaitMs, life.end.signal);
  }

  /** Only the primary puts the old value back; the others have not taken the new one over either. */
  private undo({ record }: Rollback): void {
    if (!this.isWritable) return;
    this.options.log.append([encodeRecord(record)]).catch((error: unknown) => {
      this.options.logger.error('The embedded registry could not undo a record with a duplicate id.', { err: error });
    });
  }

  private async nodeAnswer(
    operation: string,
    { request, isForwarded }: { readonly request: RegistryRequest; readonly isForwarded: boolean },
    signal: AbortSignal,
  ): Promise<RegistryAnswer> {
    const { election, clock, log } = this.options;
    if (operation === 'master-available') {
      if (this.isPrimary) return ok({ master_available: this.isWritable });
      if (isForwarded || election.primary === null) return ok({ master_available: false });
      return this.forward(request, signal);
    }
    const highest = (await log.endOffset(signal)) - 1;
    const current = this.appliedOffset - 1;
    const status = {
      schema_registry_ready: current >= highest && (!this.isPrimary || this.isWritable),
      schema_registry_startup_time_sec: (clock.monotonic() - this.startedAt) / 1000,
      schema_registry_reader_current_offset: current,
      schema_registry_reader_highest_offset: highest,
      schema_registry_is_primary: this.isPrimary,
      schema_registry_is_primary_eligible: true,
      schema_registry_primary_url: election.primary,
      schema_registry_coordinator_running: true,
      schema_registry_coordinator_generation_id: election.generation,
    };
    return ok({ status, healthy: true });
  }
}

/** The node went down while it had a request: its client's connection is reset. */
export class ConnectionLostError extends Error {
  constructor() {
    super('the node went down');
    this.name = 'ConnectionLostError';
  }
}

class ForwardTimeoutError extends Error {}
