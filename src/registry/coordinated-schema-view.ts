/** The SchemaView of a converter in a task host: answers from memory, and asks the coordinator for what it lacks. */
import type { Clock, Timer } from '../foundation/clock.ts';
import { ConfigError, type ConnectError } from '../sdk/errors/index.ts';
import type { SchemaAnswer, SchemaQuestion, SchemaView } from '../sdk/schema-view.ts';
import type { HostGates } from './gate-mirror.ts';
import {
  REGISTRY_ID_FROM_FUTURE,
  REGISTRY_PENDING,
  RegistryIntegrityError,
  RegistryParkTimeoutError,
  RegistryUnavailableError,
  SchemaRejectedError,
} from './registry-errors.ts';
import type { Acknowledgement } from './registry-knowledge.ts';
import { type RegistryMessage, type RegistryReply, schemaAnswerOf, type WireAnswer } from './registry-messages.ts';
import type { RegistryNotice } from './registry-notices.ts';
import { parseRegistrySettings, registryConfigOf } from './registry-settings.ts';

export interface SchemaViewOptions {
  /** Sends a body to the coordinator (a `service` request named `registry`) and resolves with its answer. */
  readonly ask: (message: RegistryMessage) => Promise<unknown>;
  readonly gates: HostGates;
  /** The converter's settings, prefix stripped. */
  readonly config: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** What the coordinator tells unasked; returns the function that ends it. */
  readonly onNotice?: (listener: (notice: RegistryNotice) => void) => () => void;
  /** Unique among all views of the worker. */
  readonly name: string;
}

type Settled = Exclude<SchemaAnswer, { kind: 'unasked' }>;

interface Entry {
  answer: Settled;
  /** Clock.monotonic(); infinite for what never changes. */
  expiresAt: number;
  /** Since when the question waits, and at which gate; null: it doesn't. */
  waiting: Waiting | null;
  /** Set for what the registry acknowledged. */
  acknowledgement: Acknowledgement | null;
}

interface Waiting {
  readonly since: number;
  readonly gateId: string;
  readonly limit: Limit | null;
  /** Asked again at that time although the gate is closed: what it waits for may be called something else by then. */
  readonly askAgainAt: number;
}

/** When a waiting question counts as refused, and how. */
interface Limit {
  readonly at: number;
  readonly error: (cause: ConnectError) => ConnectError;
}

interface Flight {
  readonly done: Promise<void>;
  /** Opens the local gate that stands for the missing answer, once there is one. */
  openGate: (() => void) | undefined;
}

const UNASKED: SchemaAnswer = Object.freeze({ kind: 'unasked' });
/** A refusal is believed that long, and so is a stale `latest` while the registry is away. */
const BRIEFLY_MS = 1000;
const ASK_AGAIN_MS = 5000;

/** Throws ConfigError for settings that name no registry. */
export function createSchemaView(options: SchemaViewOptions): SchemaView {
  return new CoordinatedSchemaView(options);
}

class CoordinatedSchemaView implements SchemaView {
  readonly registryId: string;
  private readonly options: SchemaViewOptions;
  private readonly config: Readonly<Record<string, string>>;
  private readonly maxEntries: number;
  private readonly patienceMs: number;
  private readonly latestTtlMs: number;
  private readonly parkTimeoutMs: number;
  private readonly unknownId: { readonly action: string; readonly timeoutMs: number };
  private readonly entries = new Map<string, Entry>();
  private readonly flights = new Map<string, Flight>();
  private gateCount = 0;
  private closed = false;

  constructor(options: SchemaViewOptions) {
    const { registryId, values } = parseRegistrySettings(options.config);
    this.options = options;
    this.registryId = registryId;
    this.config = registryConfigOf(options.config);
    this.maxEntries = Math.max(1, values['schemas.cache.size'] ?? values['max.schemas.per.subject']);
    this.patienceMs = values['registry.patience.ms'];
    this.latestTtlMs = unlimited(values['latest.cache.ttl.sec'] * 1000);
    this.parkTimeoutMs = unlimited(values['registry.park.timeout.ms']);
    this.unknownId = { action: values['unknown.id.action'], timeoutMs: values['unknown.id.timeout.ms'] };
  }

  peek(question: SchemaQuestion): SchemaAnswer {
    const entry = this.entries.get(question.key);
    if (entry === undefined) return UNASKED;
    if (entry.waiting !== null) return this.withinLimit(entry);
    if (entry.expiresAt !== Number.POSITIVE_INFINITY && entry.expiresAt <= this.now()) return UNASKED;
    // Nothing is evicted before the cache is full, so the order of use matters only near that.
    if (this.entries.size * 2 > this.maxEntries) {
      this.entries.delete(question.key);
      this.entries.set(question.key, entry);
    }
    return entry.answer;
  }

  resolve(questions: readonly SchemaQuestion[], signal: AbortSignal): Promise<void> | undefined {
    let lacking: Map<string, SchemaQuestion> | undefined;
    let flights: Map<string, Flight> | undefined;
    for (const question of questions) {
      const { key } = question;
      const flight = this.flights.get(key);
      if (flight !== undefined) {
        flights ??= new Map();
        flights.set(key, flight);
      } else if (this.isLacking(key)) {
        lacking ??= new Map();
        lacking.set(key, question);
      }
    }
    if (lacking === undefined && flights === undefined) return undefined;
    if (this.closed) return Promise.resolve();
    if (signal.aborted) return Promise.reject(signal.reason);
    flights ??= new Map();
    if (lacking !== undefined) {
      const flight = this.send([...lacking.values()]);
      for (const key of lacking.keys()) flights.set(key, flight);
    }
    return this.patiently(flights, signal);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    const waits = this.flights.size > 0 || [...this.entries.values()].some((entry) => entry.waiting !== null);
    if (waits) this.options.ask({ kind: 'withdraw', config: this.config, view: this.options.name }).catch(() => {});
    for (const flight of this.flights.values()) flight.openGate?.();
    this.entries.clear();
    this.flights.clear();
  }

  private isLacking(key: string): boolean {
    const entry = this.entries.get(key);
    if (entry === undefined) return true;
    if (entry.waiting === null) return entry.expiresAt <= this.now();
    if (entry.waiting.askAgainAt <= this.now()) return true;
    // Asked again once its gate opened; a gate that is gone, or none, means: at the caller's own pace.
    return this.options.gates.get(entry.waiting.gateId)?.snapshot().state !== 'closed';
  }

  private send(questions: readonly SchemaQuestion[]): Flight {
    const asked = this.options.ask({ kind: 'ask', config: this.config, view: this.options.name, questions });
    const flight: Flight = {
      openGate: undefined,
      done: asked.then(
        (reply) => this.landed(questions, flight, repliesOf(reply, questions.length)),
        (error: unknown) => this.landed(questions, flight, error),
      ),
    };
    for (const { key } of questions) this.flights.set(key, flight);
    return flight;
  }

  private landed(questions: readonly SchemaQuestion[], flight: Flight, answers: readonly WireAnswer[] | unknown): void {
    questions.forEach((question, index) => {
      if (this.flights.get(question.key) === flight) this.flights.delete(question.key);
      if (this.closed) return;
      const answer = Array.isArray(answers) ? (answers[index] as WireAnswer) : undefined;
      if (answer === undefined) this.unanswered(question, answers);
      else this.store(question, schemaAnswerOf(answer), answer);
    });
    this.evict();
    flight.openGate?.();
  }

  /** The question itself failed: wrong settings for ever, anything else for now. */
  private unanswered(question: SchemaQuestion, error: unknown): void {
    if (error instanceof ConfigError) {
      this.put(question.key, { kind: 'refused', error }, this.now() + BRIEFLY_MS);
      return;
    }
    const away = new RegistryUnavailableError('The registry coordinator gave no answer; the question is asked again.', {
      cause: error,
    });
    this.wait(question.key, away, '', false);
  }

  private store(question: SchemaQuestion, answer: Settled, wire: WireAnswer): void {
    const { key } = question;
    if (answer.kind === 'known') {
      const isLatest = question.kind === 'version' && question.version === -1;
      const acknowledgement = wire.kind === 'known' ? wire.acknowledgement : null;
      const expiresAt = isLatest ? this.now() + this.latestTtlMs : Number.POSITIVE_INFINITY;
      this.put(key, answer, expiresAt, acknowledgement);
    } else if (answer.kind === 'refused') this.put(key, answer, this.now() + BRIEFLY_MS);
    else {
      this.wait(
        key,
        answer.error,
        wire.kind === 'waiting' ? wire.gateId : '',
        wire.kind === 'waiting' && wire.fromFuture,
      );
    }
  }

  private put(key: string, answer: Settled, expiresAt: number, acknowledgement: Acknowledgement | null = null): void {
    this.entries.delete(key);
    this.entries.set(key, { answer, expiresAt, waiting: null, acknowledgement });
  }

  /** Known schemas keep flowing: what is known but out of date is used on while the registry is away. */
  private wait(key: string, error: ConnectError, gateId: string, fromFuture: boolean): void {
    const before = this.entries.get(key);
    if (before?.answer.kind === 'known') {
      before.expiresAt = this.now() + BRIEFLY_MS;
      return;
    }
    const since = before?.waiting?.since ?? this.now();
    const limit = this.limitOf(since, fromFuture);
    const askAgainAt = this.askAgainAt(since, gateId, fromFuture);
    const at = Math.min(limit?.at ?? Number.POSITIVE_INFINITY, askAgainAt);
    if (at !== Number.POSITIVE_INFINITY && gateId !== '') {
      this.options.gates.limitWait(gateId, this.options.name + key, at);
    }
    const waiting = { since, gateId, limit, askAgainAt };
    const answer: Settled = { kind: 'waiting', error };
    this.entries.delete(key);
    this.entries.set(key, { answer, waiting, expiresAt: Number.POSITIVE_INFINITY, acknowledgement: null });
  }

  /** An id that is only late may turn out to be lost while its gate stays closed; `unknown.id.action` has to know. */
  private askAgainAt(since: number, gateId: string, fromFuture: boolean): number {
    if (fromFuture || this.unknownId.action === 'wait' || !gateId.includes(':id:')) return Number.POSITIVE_INFINITY;
    return Math.max(since + this.unknownId.timeoutMs, this.now() + ASK_AGAIN_MS);
  }

  private limitOf(since: number, fromFuture: boolean): Limit | null {
    const { action, timeoutMs } = this.unknownId;
    const unknownAt = fromFuture && action !== 'wait' ? since + timeoutMs : Number.POSITIVE_INFINITY;
    const parkAt = since + this.parkTimeoutMs;
    if (unknownAt === Number.POSITIVE_INFINITY && parkAt === Number.POSITIVE_INFINITY) return null;
    if (unknownAt > parkAt) return { at: parkAt, error: (cause) => parkTimeout(this.parkTimeoutMs, cause) };
    return { at: unknownAt, error: (cause) => unknownIdTimeout(action, timeoutMs, cause) };
  }

  private withinLimit(entry: Entry): SchemaAnswer {
    const limit = entry.waiting?.limit ?? null;
    if (limit === null || entry.answer.kind !== 'waiting' || this.now() < limit.at) return entry.answer;
    return { kind: 'refused', error: limit.error(entry.answer.error) };
  }

  /** Resolves when all flights have landed or patience ends, whichever is first; the requests go on. */
  private patiently(flights: ReadonlyMap<string, Flight>, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        timer.cancel();
        reject(signal.reason);
      };
      const timer: Timer = this.options.clock.setTimer(() => {
        for (const [key, flight] of flights) if (this.flights.get(key) === flight) this.waitForAnswer(key, flight);
        end();
      }, this.patienceMs);
      signal.addEventListener('abort', onAbort, { once: true });
      Promise.all([...flights.values()].map((flight) => flight.done)).then(end, end);
    });
  }

  /** Nobody answered in time: the question waits at a gate of this host, which opens with the answer. */
  private waitForAnswer(key: string, flight: Flight): void {
    const dependency = 'schema registry (answer)';
    const reason = 'the registry has been asked and has not answered yet';
    const gateId = `registry:${this.registryId}:answer:${this.options.name}:${++this.gateCount}`;
    const open = this.options.gates.pending(gateId, dependency, reason);
    const before = flight.openGate;
    flight.openGate = () => {
      before?.();
      open();
    };
    const error = new RegistryUnavailableError(`Waiting for ${dependency}: ${reason}.`, {
      code: REGISTRY_PENDING,
      gateId,
    });
    this.wait(key, error, gateId, false);
  }

  private evict(): void {
    for (const key of this.entries.keys()) {
      if (this.entries.size <= this.maxEntries) return;
      this.entries.delete(key);
    }
  }

  private now(): number {
    return this.options.clock.monotonic();
  }
}

function unlimited(ms: number): number {
  return ms < 0 ? Number.POSITIVE_INFINITY : ms;
}

function repliesOf(reply: unknown, count: number): readonly WireAnswer[] | Error {
  const answers = (reply as RegistryReply | undefined)?.answers;
  return Array.isArray(answers) && answers.length === count
    ? answers
    : new TypeError('The answer is not of the right form.');
}

function parkTimeout(timeoutMs: number, cause: ConnectError): ConnectError {
  return new RegistryParkTimeoutError(
    `Gave up after registry.park.timeout.ms=${timeoutMs}. ${cause.message} Bring the registry back and restart the task, or raise the limit.`,
    { cause },
  );
}

function unknownIdTimeout(action: string, timeoutMs: number, cause: ConnectError): ConnectError {
  const message = `Gave up after unknown.id.timeout.ms=${timeoutMs}. ${cause.message} Restore what the registry lost.`;
  const options = { code: REGISTRY_ID_FROM_FUTURE, cause };
  return action === 'report' ? new SchemaRejectedError(message, options) : new RegistryIntegrityError(message, options);
}
