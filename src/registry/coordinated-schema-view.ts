/** The SchemaView of a converter in a task host: answers from memory, and asks the coordinator for what it lacks. */
import type { Clock, Timer } from '../foundation/clock.ts';
import { ConfigError, type ConnectError } from '../sdk/errors/index.ts';
import type { RecordRange } from '../sdk/record/record-ranges.ts';
import type { SchemaAnswer, SchemaQuestion, SchemaView } from '../sdk/schema-view.ts';
import type { HostGates } from './gate-mirror.ts';
import { IdsInUse } from './ids-in-use.ts';
import { isLatest } from './question-kinds.ts';
import { REGISTRY_PENDING, RegistryUnavailableError } from './registry-errors.ts';
import { registryConfigOf } from './registry-keys.ts';
import type { Acknowledgement } from './registry-knowledge.ts';
import { type RegistryMessage, repliesOf, schemaAnswerOf, type WireAnswer } from './registry-messages.ts';
import { castsDoubt, type Doubts, type RegistryNotice } from './registry-notices.ts';
import { contextOf } from './registry-requests.ts';
import { parseRegistrySettings } from './registry-settings.ts';
import { isAbout, isForGood, isOneId, type Settled, skippable, type ViewEntry, type Waiting } from './view-entry.ts';
import { WaitingLimits } from './waiting-limits.ts';
import { YoungIds } from './young-ids.ts';

export interface SchemaViewOptions {
  /** Sends a body to the coordinator (a `service` request named `registry`) and resolves with its answer. */
  readonly ask: (message: RegistryMessage) => Promise<unknown>;
  readonly gates: HostGates;
  /** The converter's settings, prefix stripped. */
  readonly config: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** What the coordinator tells unasked; returns the function that ends it. */
  readonly onNotice?: (listener: (notice: RegistryNotice) => void) => () => void;
  /**
   * Invariant 5: what was serialized with answers of this view, and is not produced yet, has to be serialized again, with what the view
   * answers then.
   */
  readonly recall?: () => void;
  /** Invariant 6: the task that uses this view has to stop with this error, however idle it is. */
  readonly stop?: (error: ConnectError) => void;
  /** What an earlier run of the task left of ids that are still to be confirmed; nothing by default. */
  readonly young?: ((registryId: string, secondLookMs: number) => YoungIds) | undefined;
  /** Unique among all views of the worker. */
  readonly name: string;
}

interface Flight {
  readonly questions: readonly SchemaQuestion[];
  readonly done: Promise<void>;
  /** Opens the local gate that stands for the missing answer, once there is one. */
  openGate: (() => void) | undefined;
  /** What was told while it was on its way, in order: the answer may be older. */
  readonly missed: RegistryNotice[];
}

const UNASKED: SchemaAnswer = Object.freeze({ kind: 'unasked' });
/** A refusal is believed that long, and so is a stale `latest` while the registry is away. */
const BRIEFLY_MS = 1000;
/** A batch is prepared in rounds and then converted: for that long after each round, what it uses is kept however small the cache is. */
const IN_USE_MS = 1000;

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
  private readonly limits: WaitingLimits;
  private readonly ids: IdsInUse;
  private readonly endNotices: (() => void) | undefined;
  private readonly entries = new Map<string, ViewEntry>();
  private readonly flights = new Map<string, Flight>();
  private gateCount = 0;
  /** The coordinator counts this view among those who use the registry. */
  private hasAsked = false;
  private closed = false;

  constructor(options: SchemaViewOptions) {
    const { registryId, values } = parseRegistrySettings(options.config);
    this.options = options;
    this.registryId = registryId;
    this.config = registryConfigOf(options.config);
    this.maxEntries = Math.max(1, values['schemas.cache.size'] ?? values['max.schemas.per.subject']);
    this.patienceMs = values['registry.patience.ms'];
    this.latestTtlMs = unlimited(values['latest.cache.ttl.sec'] * 1000);
    this.limits = new WaitingLimits({
      parkTimeoutMs: unlimited(values['registry.park.timeout.ms']),
      unknownId: { action: values['unknown.id.action'], timeoutMs: values['unknown.id.timeout.ms'] },
    });
    const secondLookMs = values['registry.second.look.ms'];
    const young = options.young?.(registryId, secondLookMs) ?? new YoungIds({ clock: options.clock, secondLookMs });
    this.ids = new IdsInUse({ young, stop: options.stop });
    this.endNotices = options.onNotice?.((notice) => this.heard(notice));
  }

  peek(question: SchemaQuestion): SchemaAnswer {
    const entry = this.entries.get(question.key);
    if (entry === undefined) return UNASKED;
    if (entry.waiting !== null) return this.withinLimit(entry);
    if (entry.expiresAt !== Number.POSITIVE_INFINITY && entry.expiresAt <= this.now()) return UNASKED;
    // Nothing is evicted before the cache is full, so the order of use matters only near that.
    if (this.entries.size * 2 > this.maxEntries) {
      entry.usedAt = this.now();
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

  tracksRecords(): boolean {
    return this.ids.young.any;
  }

  carried(id: number, topic: string, partition: number, offset: number): void {
    this.ids.carried(id, topic, partition, offset);
  }

  recordsOf(error: ConnectError): readonly RecordRange[] {
    return this.ids.recordsOf(error);
  }

  /** Others that wait for the same id ask for it anew, once its gate is gone. */
  skipped(error: ConnectError): void {
    const { gateId } = error as { readonly gateId?: unknown };
    const questions = [...this.entries.values()]
      .filter(
        ({ question, waiting }) => waiting !== null && waiting.gateId === gateId && isOneId(question, waiting.gateId),
      )
      .map(({ question }) => question);
    if (questions.length === 0) return;
    for (const { key } of questions) this.entries.delete(key);
    this.options.ask({ kind: 'withdraw', config: this.config, view: this.options.name, questions }).catch(() => {});
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.endNotices?.();
    if (this.hasAsked)
      this.options.ask({ kind: 'withdraw', config: this.config, view: this.options.name }).catch(() => {});
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
    this.hasAsked = true;
    const asked = this.options.ask({ kind: 'ask', config: this.config, view: this.options.name, questions });
    const flight: Flight = {
      questions,
      openGate: undefined,
      missed: [],
      done: asked.then(
        (reply) => this.landed(flight, repliesOf(reply, questions.length)),
        (error: unknown) => this.landed(flight, error),
      ),
    };
    for (const { key } of questions) this.flights.set(key, flight);
    return flight;
  }

  /** What turns out to be out of date already is asked for again, and waited for. */
  private landed(flight: Flight, answers: readonly WireAnswer[] | unknown): Promise<void> | undefined {
    const { questions } = flight;
    questions.forEach((question, index) => {
      if (this.flights.get(question.key) === flight) this.flights.delete(question.key);
      if (this.closed) return;
      const answer = Array.isArray(answers) ? (answers[index] as WireAnswer) : undefined;
      if (answer === undefined) this.unanswered(question, answers);
      else this.store(question, schemaAnswerOf(answer), answer);
      for (const notice of flight.missed) this.apply(notice, question.key);
    });
    this.evict();
    const outdated = flight.missed.length === 0 ? [] : questions.filter(({ key }) => this.isOutdated(key));
    const again = outdated.length === 0 || this.closed ? undefined : this.send(outdated).done;
    flight.openGate?.();
    return again;
  }

  private isOutdated(key: string): boolean {
    const entry = this.entries.get(key);
    return !this.flights.has(key) && (entry === undefined || entry.isSuspect);
  }

  /** Answers under way were perhaps given before: they hear of it when they arrive. */
  private heard(notice: RegistryNotice): void {
    if (this.closed || notice.registryId !== this.registryId || notice.kind === 'closed') return;
    if (notice.kind === 'confirmed') {
      this.ids.young.confirmed(notice.context, notice.ids);
      return;
    }
    for (const flight of new Set(this.flights.values())) flight.missed.push(notice);
    for (const key of [...this.entries.keys()]) this.apply(notice, key);
    if (notice.kind === 'changed' || notice.kind === 'suspect') this.options.recall?.();
    else this.ids.contradicted(notice);
  }

  private apply(notice: RegistryNotice, key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined || notice.kind === 'confirmed' || notice.kind === 'closed') return;
    if (notice.kind === 'changed' || notice.kind === 'suspect') this.doubt(entry, notice);
    else if (notice.kind === 'distrusted' || isAbout(entry, notice.context, notice.id)) {
      // Invariant 6: from now on, and for as long as the task lives.
      const error = this.ids.contradicted(notice);
      this.put(entry.question, { kind: 'refused', error }, Number.POSITIVE_INFINITY);
    }
  }

  /**
   * Invariant 5: what was acknowledged around the change is asked for again. What an id means, and was first known before, stays: it
   * never changes. Latest versions and refusals are forgotten.
   */
  private doubt(entry: ViewEntry, doubts: Doubts): void {
    const { answer, acknowledgement, question } = entry;
    if (answer.kind === 'waiting' || isForGood(entry)) return;
    if (answer.kind === 'known' && question.kind === 'by-guid') return;
    if (answer.kind === 'refused' || isLatest(question)) {
      this.entries.delete(question.key);
      return;
    }
    if (acknowledgement === null || !castsDoubt(doubts, acknowledgement)) return;
    entry.isSuspect = true;
    entry.expiresAt = Number.NEGATIVE_INFINITY;
  }

  /** The question itself failed: wrong settings for ever, anything else for now. */
  private unanswered(question: SchemaQuestion, error: unknown): void {
    if (error instanceof ConfigError) {
      this.put(question, { kind: 'refused', error }, this.now() + BRIEFLY_MS);
      return;
    }
    const away = new RegistryUnavailableError('The registry coordinator gave no answer; the question is asked again.', {
      cause: error,
    });
    this.wait(question, away, '', false);
  }

  private store(question: SchemaQuestion, answer: Settled, wire: WireAnswer): void {
    if (wire.kind === 'known' && answer.kind === 'known') {
      const { acknowledgement } = wire;
      const expiresAt = isLatest(question) ? this.now() + this.latestTtlMs : Number.POSITIVE_INFINITY;
      // An answer by GUID tells no id.
      const error =
        question.kind === 'by-guid'
          ? null
          : this.ids.given(contextOf(question.subject), answer.schema, acknowledgement);
      if (error === null) this.put(question, answer, expiresAt, acknowledgement);
      else this.put(question, { kind: 'refused', error }, Number.POSITIVE_INFINITY);
    } else if (answer.kind === 'refused') this.put(question, answer, this.now() + BRIEFLY_MS);
    else if (answer.kind === 'waiting') {
      const isWaiting = wire.kind === 'waiting';
      const gateId = isWaiting ? wire.gateId : '';
      const error = isOneId(question, gateId) ? skippable(answer.error, gateId) : answer.error;
      this.wait(question, error, gateId, isWaiting && wire.fromFuture);
    }
  }

  private put(
    question: SchemaQuestion,
    answer: Settled,
    expiresAt: number,
    acknowledgement: Acknowledgement | null = null,
    waiting: Waiting | null = null,
  ): void {
    this.entries.delete(question.key);
    this.entries.set(question.key, {
      question,
      answer,
      expiresAt,
      waiting,
      acknowledgement,
      isSuspect: false,
      usedAt: this.now(),
    });
  }

  /** Known schemas keep flowing: what is known but out of date is used on while the registry is away, unless it is suspect. */
  private wait(question: SchemaQuestion, error: ConnectError, gateId: string, fromFuture: boolean): void {
    const { key } = question;
    const before = this.entries.get(key);
    if (before?.answer.kind === 'known' && !before.isSuspect) {
      before.expiresAt = this.now() + BRIEFLY_MS;
      return;
    }
    const since = before?.waiting?.since ?? this.now();
    const limit = this.limits.limitOf(since, fromFuture);
    const askAgainAt = this.limits.askAgainAt(since, this.now(), gateId, fromFuture);
    const at = Math.min(limit?.at ?? Number.POSITIVE_INFINITY, askAgainAt);
    if (at !== Number.POSITIVE_INFINITY && gateId !== '') {
      this.options.gates.limitWait(gateId, this.options.name + key, at);
    }
    const waiting = { since, gateId, limit, askAgainAt };
    this.put(question, { kind: 'waiting', error }, Number.POSITIVE_INFINITY, null, waiting);
  }

  private withinLimit(entry: ViewEntry): SchemaAnswer {
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
        for (const [key, flight] of flights) this.waitForAnswer(key, flight);
        end();
      }, this.patienceMs);
      signal.addEventListener('abort', onAbort, { once: true });
      Promise.all([...flights.values()].map((flight) => flight.done)).then(end, end);
    });
  }

  /** Nobody answered in time: the question waits at a gate of this host, which opens with the answer. */
  private waitForAnswer(key: string, flight: Flight): void {
    const question = flight.questions.find((each) => each.key === key);
    if (question === undefined || this.flights.get(key) !== flight) return;
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
    this.wait(question, error, gateId, false);
  }

  /** The oldest first. More stay than there is room for as long as batches under way need them: otherwise none would ever be converted. */
  private evict(): void {
    const inUseSince = this.now() - this.patienceMs - IN_USE_MS;
    for (const [key, { usedAt }] of this.entries) {
      if (this.entries.size <= this.maxEntries || usedAt >= inUseSince) return;
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
