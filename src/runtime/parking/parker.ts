/**
 * Where a task waits for what is away. A *park* begins with the first environment failure of a call and ends when that call
 * has succeeded; in between the caller waits, tries again, and waits again. While at least one park is open the task is shown
 * as parked.
 *
 * Invariant 3: waiting here consumes no tolerance and skips nothing. Invariant 4: what waits keeps its place and its results.
 */
import type { Availability } from '../../broker/ports.ts';
import { Backoff } from '../../foundation/backoff.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { DependencyGate, DependencyGates } from '../../sdk/dependency-gate.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { ENVIRONMENT_UNAVAILABLE } from '../../sdk/errors/kinds.ts';
import { environmentErrorOf, failureKind } from '../errors/failure-kind.ts';
import type { ParkedInfo } from '../host/protocol.ts';

export const PARK_TIMEOUT = defineErrorCode('holdfast.task.park-timeout', {
  what: 'A task waited for a dependency for longer than park.timeout.ms allows, and park.timeout.action is fail.',
  mend: 'Bring the dependency back and restart the task, or raise park.timeout.ms (-1: no limit).',
});

export interface ParkSettings {
  /** `park.backoff.initial.ms`, `park.backoff.max.ms`: between attempts that no gate announces. */
  readonly backoffInitialMs: number;
  readonly backoffMaxMs: number;
  /** `park.timeout.ms`; -1: no limit. */
  readonly timeoutMs: number;
  /** `park.timeout.action` */
  readonly timeoutAction: 'fail' | 'warn';
}

interface OpenPark {
  error: ConnectError;
  dependency: string;
  gate: DependencyGate | undefined;
  partitions: readonly string[];
  /** Of the record at which the one partition waits. */
  offset: number | null;
  readonly since: number;
  readonly startedAt: number;
  /** Clock.monotonic() before the attempt that failed last, as far as is known. */
  askedAt: number;
  attempts: number;
  nextAttemptAt: number | null;
  warned: boolean;
  readonly backoff: Backoff;
  unsubscribe: (() => void) | null;
}

export class Parker {
  private readonly gates: DependencyGates;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly settings: ParkSettings;
  private readonly publishInfo: (parked: ParkedInfo | null) => void;
  private readonly random: () => number;
  private readonly parks = new Map<string, OpenPark>();
  private published = 'null';
  private parkedSince: number | null = null;
  private parkedTotalMs = 0;
  private parkCount = 0;

  constructor(options: {
    readonly gates: DependencyGates;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly settings: ParkSettings;
    /** Called once per change, null when the task goes on. */
    readonly publish: (parked: ParkedInfo | null) => void;
    readonly random?: () => number;
  }) {
    this.gates = options.gates;
    this.clock = options.clock;
    this.logger = options.logger;
    this.settings = options.settings;
    this.publishInfo = options.publish;
    this.random = options.random ?? Math.random;
  }

  get isParked(): boolean {
    return this.parks.size > 0;
  }

  /** Milliseconds with at least one open park, and how often that began. */
  get parkedMs(): number {
    return this.parkedTotalMs + (this.parkedSince === null ? 0 : this.clock.monotonic() - this.parkedSince);
  }

  get count(): number {
    return this.parkCount;
  }

  /**
   * Waits until the call that failed with `error` is worth another try: until its gate lets this waiter through, or for a
   * back-off when it names none. The park named `key` stays open; {@link end} it when the call has succeeded.
   *
   * Rejects with the signal's reason, or with a ConnectError `holdfast.task.park-timeout` at the park limit.
   */
  async wait(
    key: string,
    error: ConnectError,
    options: {
      readonly signal: AbortSignal;
      readonly dependency: string;
      readonly partitions?: readonly string[];
      /** Of the record at which the one partition waits. */
      readonly offset?: number;
    },
  ): Promise<void> {
    options.signal.throwIfAborted();
    const park = this.open(key, error, options.dependency, options.partitions ?? []);
    park.offset = options.offset ?? null;
    park.attempts++;
    this.changed();
    const limit = this.limitFor(park, options.signal);
    try {
      await this.waitOnce(park, limit.signal);
      park.askedAt = this.clock.monotonic();
    } catch (reason) {
      options.signal.throwIfAborted();
      if (limit.expired()) throw this.timedOut(park);
      throw reason;
    } finally {
      limit.dispose();
    }
  }

  /** Makes the call again for as long as it fails for the environment. Rejects with what else it fails with. */
  async persist<T>(
    key: string,
    options: { readonly signal: AbortSignal; readonly dependency: string },
    call: () => Promise<T>,
  ): Promise<T> {
    for (;;) {
      try {
        const result = await call();
        this.end(key);
        return result;
      } catch (error) {
        options.signal.throwIfAborted();
        const environment = failureKind(error) === 'environment' ? environmentErrorOf(error) : null;
        if (environment === null) throw error;
        await this.wait(key, environment, options);
      }
    }
  }

  /** The call has succeeded, or nobody makes it any more. Harmless for a park that isn't open. */
  end(key: string): void {
    const park = this.parks.get(key);
    if (park === undefined) return;
    park.unsubscribe?.();
    this.parks.delete(key);
    this.changed();
  }

  endAll(): void {
    for (const key of [...this.parks.keys()]) this.end(key);
  }

  /** A client of the broker says whether it can reach it: shown as a park of the whole task while it can't. */
  broker(client: string, availability: Availability): void {
    const key = `broker:${client}`;
    if (availability.available) {
      this.end(key);
      return;
    }
    const error = new ConnectError(availability.reason, { code: ENVIRONMENT_UNAVAILABLE });
    this.open(key, error, 'broker', []).attempts++;
    this.changed();
  }

  /** True while a client of the broker says that it can't reach it. */
  get isBrokerAway(): boolean {
    for (const key of this.parks.keys()) if (key.startsWith('broker:')) return true;
    return false;
  }

  private open(key: string, error: ConnectError, dependency: string, partitions: readonly string[]): OpenPark {
    const gateId = gateIdOf(error);
    let park = this.parks.get(key);
    if (park === undefined) {
      park = {
        error,
        dependency,
        gate: undefined,
        partitions,
        offset: null,
        since: this.clock.now(),
        startedAt: this.clock.monotonic(),
        askedAt: Number.NEGATIVE_INFINITY,
        attempts: 0,
        nextAttemptAt: null,
        warned: false,
        backoff: new Backoff({
          initialMs: this.settings.backoffInitialMs,
          maxMs: this.settings.backoffMaxMs,
          jitter: 0.2,
          random: this.random,
        }),
        unsubscribe: null,
      };
      this.parks.set(key, park);
    }
    park.error = error;
    park.partitions = partitions;
    park.dependency = dependency;
    // Not by its id: a gate that opened for good may have been followed by another one of the same name.
    const gate = gateId === undefined ? undefined : this.gates.get(gateId);
    if (gate !== park.gate) {
      park.unsubscribe?.();
      park.gate = gate;
      park.unsubscribe = park.gate?.onChange(() => this.changed()) ?? null;
    }
    return park;
  }

  private async waitOnce(park: OpenPark, signal: AbortSignal): Promise<void> {
    const gate = park.gate;
    if (gate === undefined) {
      await this.backOff(park, signal);
      return;
    }
    // A gate that stands open although the call fails announces nothing: without a pause the two would spin.
    const stoodOpen = gate.snapshot().state === 'open';
    if (stoodOpen && park.attempts > 1) await this.backOff(park, signal);
    await gate.opened(signal, park.askedAt);
    if (!stoodOpen) park.backoff.reset();
  }

  private async backOff(park: OpenPark, signal: AbortSignal): Promise<void> {
    const delay = park.backoff.next();
    park.nextAttemptAt = this.clock.now() + delay;
    this.changed();
    try {
      await this.clock.sleep(delay, signal);
    } finally {
      park.nextAttemptAt = null;
    }
  }

  private limitFor(
    park: OpenPark,
    signal: AbortSignal,
  ): { readonly signal: AbortSignal; readonly expired: () => boolean; readonly dispose: () => void } {
    if (this.settings.timeoutMs < 0 || park.warned) return { signal, expired: () => false, dispose: () => {} };
    const leftMs = Math.max(0, park.startedAt + this.settings.timeoutMs - this.clock.monotonic());
    const limit = new AbortController();
    const forward = (): void => limit.abort(signal.reason);
    signal.addEventListener('abort', forward, { once: true });
    let hasExpired = false;
    const timer = this.clock.setTimer(() => {
      if (this.settings.timeoutAction === 'fail') {
        hasExpired = true;
        limit.abort();
        return;
      }
      park.warned = true;
      this.logger.error('A task is parked for longer than park.timeout.ms. It goes on waiting.', {
        code: PARK_TIMEOUT,
        dependency: park.dependency,
        err: park.error,
      });
    }, leftMs);
    return {
      signal: limit.signal,
      expired: () => hasExpired,
      dispose: () => {
        timer.cancel();
        signal.removeEventListener('abort', forward);
      },
    };
  }

  private timedOut(park: OpenPark): ConnectError {
    return new ConnectError(
      `The task waited ${this.settings.timeoutMs} ms for ${park.dependency}, the limit that park.timeout.ms sets. Bring it back and restart the task, or raise the limit.`,
      { code: PARK_TIMEOUT, cause: park.error },
    );
  }

  private changed(): void {
    const info = this.info();
    if (info !== null && this.parkedSince === null) {
      this.parkedSince = this.clock.monotonic();
      this.parkCount++;
    } else if (info === null && this.parkedSince !== null) {
      this.parkedTotalMs += this.clock.monotonic() - this.parkedSince;
      this.parkedSince = null;
    }
    const text = JSON.stringify(info);
    if (text === this.published) return;
    this.published = text;
    this.publishInfo(info);
  }

  /** One park stands for all: one of the whole task before those of partitions, then the oldest. */
  private info(): ParkedInfo | null {
    let shown: OpenPark | undefined;
    const partitions = new Set<string>();
    const waitingAt: Record<string, number> = {};
    for (const park of this.parks.values()) {
      for (const partition of park.partitions) {
        partitions.add(partition);
        if (park.offset !== null) waitingAt[partition] = park.offset;
      }
      if (shown === undefined || (park.partitions.length === 0 && shown.partitions.length > 0)) shown = park;
    }
    if (shown === undefined) return null;
    const gate = shown.gate?.snapshot();
    return {
      dependency: gate?.dependency ?? shown.dependency,
      gateId: gateIdOf(shown.error) ?? null,
      reason: gate === undefined || gate.reason === '' ? shown.error.message : gate.reason,
      // What it waits for may have turned out to be something worse since.
      code: gate?.code ?? shown.error.code,
      partitions: shown.partitions.length === 0 ? [] : [...partitions].sort(),
      ...(Object.keys(waitingAt).length === 0 ? {} : { waitingAt }),
      since: shown.since,
      attempts: gate === undefined ? shown.attempts : Math.max(gate.attempts, shown.attempts),
      nextProbeAt: gate === undefined ? shown.nextAttemptAt : gate.nextProbeAt,
    };
  }
}

function gateIdOf(error: ConnectError): string | undefined {
  const id: unknown = (error as { readonly gateId?: unknown }).gateId;
  return typeof id === 'string' ? id : undefined;
}
