/** One registry cluster as the control plane sees it: answers questions, each asked once, whoever asks. */
import { setMaxListeners } from 'node:events';
import PQueue from 'p-queue';
import { EnvironmentError, IntegrityError } from '../sdk/errors/index.ts';
import type { SchemaQuestion } from '../sdk/schema-view.ts';
import { type Acknowledged, checkReplaced, heldBack } from './acknowledged.ts';
import { ClusterParts, type ClusterPartsOptions } from './cluster-parts.ts';
import { clusterSnapshot } from './cluster-snapshot.ts';
import type { GateBook } from './gate-book.ts';
import { GateTrials } from './gate-trials.ts';
import { inTime } from './in-time.ts';
import { type KnownAnswer, questionKey } from './known-schemas.ts';
import { LoneFailures } from './lone-failures.ts';
import { type Missing, MissingThings } from './missing-things.ts';
import { type AccessKind, Outages } from './outages.ts';
import { ParkedQuestions } from './parked-questions.ts';
import type { ProbeOutcome } from './prober.ts';
import { accessOf, type Finding } from './question-finder.ts';
import { QuestionFlights } from './question-flights.ts';
import { gateOf } from './question-gates.ts';
import { isNamedByRecord } from './question-kinds.ts';
import { RecentRefusals } from './recent-refusals.ts';
import { refusalOf, unavailable } from './refusals.ts';
import { REGISTRY_FAULT, REGISTRY_UNAVAILABLE, SchemaRejectedError } from './registry-errors.ts';
import type { RegistryEvent } from './registry-events.ts';
import type { EpochListener } from './registry-knowledge.ts';
import type { RegistryAnswer } from './registry-messages.ts';
import type { RegistryNotice } from './registry-notices.ts';
import type { RegistrySnapshot } from './registry-snapshot.ts';
import { SlowAnswers } from './slow-answers.ts';
import { defectOf } from './unusable-schemas.ts';

export interface RegistryClusterOptions extends ClusterPartsOptions {
  readonly gates: GateBook;
  /** Tells every task host. */
  readonly notify?: (notice: RegistryNotice) => void;
  readonly emit?: (event: RegistryEvent) => void;
}

const STORE_AFTER_MS = 1000;

export class RegistryCluster {
  readonly registryId: string;
  private readonly options: RegistryClusterOptions;
  private readonly parts: ClusterParts;
  private readonly outages: Outages;
  private readonly parked = new ParkedQuestions({ maxEntries: 10_000 });
  private readonly queues: Readonly<Record<AccessKind, PQueue>>;
  private readonly flights: QuestionFlights;
  private readonly trials: GateTrials;
  private readonly refusals: RecentRefusals;
  private readonly lone: LoneFailures;
  private readonly missing: MissingThings;
  private readonly counters = { hits: 0, misses: 0 };
  private readonly life = new AbortController();

  constructor(options: RegistryClusterOptions) {
    const { settings, clock } = options;
    const { values } = settings;
    // Every question under way listens to the end of the client.
    setMaxListeners(0, this.life.signal);
    const random = options.random === undefined ? {} : { random: options.random };
    this.options = options;
    this.registryId = settings.registryId;
    this.parts = new ClusterParts(options, {
      emit: (event) => this.emit(event),
      notify: (notice) => options.notify?.(notice),
      outages: () => this.outages,
      epochChanged: (change) => this.epochChanged(change),
      signal: this.life.signal,
    });
    const { knowledge } = this.parts;
    this.outages = new Outages({
      registryId: this.registryId,
      book: options.gates,
      clock,
      logger: options.logger,
      probeInitialMs: values['registry.probe.initial.ms'],
      probeMaxMs: values['registry.probe.max.ms'],
      ...random,
      probeReads: (signal) => this.probeReads(signal),
      tryOne: (kind) => this.trials.tryOne(kind),
      onClosed: (access, reason) => knowledge.observe({ kind: 'outage-began', access, reason }),
      onOpening: (access, beganAt) => knowledge.observe({ kind: 'outage-ended', access, beganAt }),
      onOpened: (kind) => {
        if (kind === 'read') this.parts.finder.startOver();
        this.drain(this.outages.gates[kind].id);
      },
      emit: (event) => this.emit(event),
    });
    this.refusals = new RecentRefusals({ clock });
    this.lone = new LoneFailures({
      clock,
      servesOthers: (question) => this.parts.finder.servesOthers(question, this.life.signal),
    });
    const slow = new SlowAnswers({
      registryId: this.registryId,
      clock,
      logger: options.logger,
      gates: options.gates,
      nodes: () => this.parts.endpoints.unanswering(),
      timeoutMs: values['http.read.timeout.ms'],
    });
    this.flights = new QuestionFlights({
      fly: (key, question) => this.fly(key, question).catch((error: unknown) => this.refuse(key, error)),
      parked: this.parked,
      slow,
    });
    const { outages, parked, flights } = this;
    this.trials = new GateTrials({ outages, parked, flights, signal: this.life.signal });
    this.missing = new MissingThings({
      registryId: this.registryId,
      clock,
      logger: options.logger,
      gates: options.gates,
      parked: this.parked,
      signal: this.life.signal,
      // Half-open, it is the trial that the gate waits for.
      mayAsk: (question) => this.outages.gates[accessOf(question)].snapshot().state !== 'closed',
      ask: (key, question) => this.flights.start(key, question),
      onOpened: (gateId) => this.drain(gateId),
      emit: (event) => this.emit(event),
      ...random,
    });
    const concurrency = values['registry.max.in.flight'];
    this.queues = { read: new PQueue({ concurrency }), write: new PQueue({ concurrency }) };
  }

  /** Answers are parallel to the questions. Never rejects: what goes wrong is an answer. */
  ask(questions: readonly SchemaQuestion[], view: string): Promise<RegistryAnswer[]> {
    return Promise.all(questions.map((question) => this.answer(question, view)));
  }

  /** What only this view waited for is asked no more. */
  withdraw(view: string): void {
    this.flights.withdraw(view);
    for (const gateId of this.parked.withdraw(view)) this.missing.abandon(gateId);
  }

  /** What of these only this view waited for is asked no more; the view goes on. */
  withdrawQuestions(view: string, questions: readonly SchemaQuestion[]): void {
    const keys = new Set(questions.map(questionKey));
    for (const gateId of this.parked.withdraw(view, keys)) this.missing.abandon(gateId);
  }

  /** Probes at once instead of at the planned time. */
  probeNow(): void {
    this.outages.probeNow();
    this.missing.askNow();
  }

  snapshot(): RegistrySnapshot {
    const { parts, parked, counters } = this;
    return clusterSnapshot({ settings: this.options.settings, gates: this.options.gates, parts, parked, counters });
  }

  /** The primary changed, or may have: what was acknowledged around that is read back, what is volatile forgotten, and hosts are told. */
  epochChanged({ epoch, suspectSince }: Parameters<EpochListener>[0]): void {
    this.refusals.clear();
    this.parts.primaryChanged(epoch);
    this.options.notify?.({ kind: 'changed', registryId: this.registryId, epoch: epoch.epoch, suspectSince });
    // A primary without a word of its own may be usable from now on.
    this.outages.probeNow();
  }

  async close(): Promise<void> {
    this.life.abort(new DOMException('The registry client is closed.', 'AbortError'));
    this.outages.shutDown();
    await this.parts.close();
  }

  private async answer(question: SchemaQuestion, view: string): Promise<RegistryAnswer> {
    const key = questionKey(question);
    // Invariant 6: what was contradicted stays refused until an operator acts.
    const contradicted = this.parts.trust.contradictions.refusal(key, view);
    if (contradicted !== undefined) return { kind: 'refused', error: contradicted };
    const known = this.parts.known.answer(key);
    if (known !== undefined && !this.mustReadBack(question, known)) {
      this.counters.hits += 1;
      this.emit({ type: 'cache', outcome: 'hit' });
      return { kind: 'known', ...known };
    }
    const defect = defectOf(question);
    if (defect !== undefined) return { kind: 'refused', error: defect };
    const refusal = this.refusals.get(key);
    if (refusal !== undefined && !(refusal instanceof IntegrityError)) return { kind: 'refused', error: refusal };
    const parked = this.parked.get(key);
    if (parked !== undefined && this.options.gates.get(parked.gateId)?.snapshot().state === 'closed') {
      for (const present of this.flights.present([view])) parked.views.add(present);
      return this.waiting(parked.gateId);
    }
    return this.flights.startFor([view], key, question);
  }

  private async fly(key: string, question: SchemaQuestion): Promise<RegistryAnswer> {
    // What is known but suspect is read back, which needs no primary.
    const kind = this.parts.known.answer(key) === undefined ? accessOf(question) : 'read';
    const { state } = this.outages.gates[kind].snapshot();
    const found =
      state !== 'open' && !this.isTrial(kind)
        ? this.whileClosed(key, question, kind, true)
        : this.inQueue(kind, () =>
            // The gate may have closed while the question stood in the queue.
            this.outages.gates[kind].snapshot().state === 'closed'
              ? this.whileClosed(key, question, kind, true)
              : this.execute(key, question),
          );
    const asked = found
      // Outside the queue: reading back must not keep others from writing.
      .then((answer) => (answer.kind === 'acknowledged' ? this.confirm(key, answer) : answer))
      .catch((error: unknown) => this.refuse(key, error));
    const stored = this.parts.known.answer(key) === undefined ? this.parts.known.fromStore(question) : undefined;
    if (stored === undefined || this.mustReadBack(question, stored)) return asked;
    // A worker that starts while the registry hangs need not wait for all its time limits to go on with what it knew.
    const answer = await inTime(asked, { kind: 'known', ...stored } as const, STORE_AFTER_MS, this.options.clock);
    if (answer.kind === 'known' && answer.acknowledgement === stored.acknowledgement) {
      this.emit({ type: 'cache', outcome: 'store' });
    }
    return answer;
  }

  private inQueue<T>(kind: AccessKind, run: () => Promise<T>): Promise<T> {
    return this.queues[kind].add(run, { signal: this.life.signal });
  }

  /** In a half-open gate with nothing under way, the next question goes through to find out. */
  private isTrial(kind: AccessKind): boolean {
    return this.outages.gates[kind].snapshot().state === 'half-open' && this.queues[kind].pending === 0;
  }

  /** Invariant 5: the barrier stands between an acknowledgement and the first record that carries the id. */
  private async confirm(key: string, acknowledged: Acknowledged): Promise<RegistryAnswer> {
    const { question, registered } = acknowledged;
    checkReplaced(acknowledged);
    let passed = await this.parts.barrier.pass(registered, this.life.signal);
    if (passed.met && question.kind === 'register') passed = await this.parts.trust.order.check(registered);
    if (!passed.met) return this.park(key, question, heldBack(acknowledged, passed.reason));
    const known = this.parts.finder.accept(key, acknowledged);
    this.parts.trust.acknowledged(question, known);
    return this.answered(key, known);
  }

  private answered(key: string, known: KnownAnswer): RegistryAnswer {
    this.refusals.forget(key);
    this.lone.settled(key);
    this.parts.trust.contradictions.settled(key);
    return { kind: 'known', ...known };
  }

  private async execute(key: string, question: SchemaQuestion): Promise<RegistryAnswer | Acknowledged> {
    const { signal } = this.life;
    const known = this.parts.known.answer(key);
    if (known !== undefined && !this.mustReadBack(question, known)) return { kind: 'known', ...known };
    const beganAt = this.now();
    this.counters.misses += 1;
    this.emit({ type: 'cache', outcome: 'miss' });
    let finding: Finding;
    try {
      finding =
        known === undefined
          ? await this.parts.finder.find(key, question, signal)
          : await this.parts.finder.readBack(key, question, known, signal);
    } catch (error) {
      // The registry did answer, with what nobody can use.
      if (error instanceof SchemaRejectedError) return this.refuse(key, error);
      // A trial that came to nothing: who waits behind it must not wait for another one to come along.
      const isWrite = question.kind === 'register' && known === undefined;
      if (isWrite && this.outages.gates.write.snapshot().state === 'half-open')
        this.outages.close('write', { reason: refusalOf(error).message });
      throw error;
    }
    // Whoever else waits to write may try. What is read back says nothing of that.
    if (known === undefined && finding.provesWrites === true) this.outages.open('write');
    switch (finding.kind) {
      case 'acknowledged':
        return finding;
      case 'known':
        return this.answered(key, finding.known);
      case 'denied':
        return this.refuse(key, finding.error);
      case 'missing':
        return this.park(key, question, finding.missing);
      case 'away':
        // A request that hung since before the comeback would close the gate again for no reason.
        if (this.outages.hasOpenedSince(finding.access, beganAt)) return this.execute(key, question);
        if (finding.access === 'read' && (await this.lone.isAlone(key, question, this.outages.hasJustOpened('read')))) {
          const { reason, code = REGISTRY_UNAVAILABLE } = finding;
          return this.park(key, question, { ...gateOf(question), reason, code, fromFuture: false });
        }
        this.outages.close(finding.access, finding);
        // Every node was asked for it just now: no look-up.
        return this.whileClosed(key, question, finding.access, false);
    }
  }

  /** Known schemas keep flowing: the store, or for a registration a look-up, which replicas answer without a primary. */
  private async whileClosed(
    key: string,
    question: SchemaQuestion,
    kind: AccessKind,
    mayLookUp: boolean,
  ): Promise<RegistryAnswer | Acknowledged> {
    const remembered = this.parts.known.answer(key);
    const known = remembered ?? this.parts.known.fromStore(question);
    if (known !== undefined && !this.mustReadBack(question, known)) {
      if (remembered === undefined) this.emit({ type: 'cache', outcome: 'store' });
      return { kind: 'known', ...known };
    }
    const gate = this.outages.gates[kind];
    const readsOpen = this.outages.isOpen('read');
    if (question.kind === 'register' && mayLookUp && readsOpen && this.parked.get(key) === undefined) {
      const found = await this.inQueue('read', () => this.parts.finder.lookUp(question, this.life.signal));
      if (found?.kind === 'denied') return this.refuse(key, found.error);
      if (found !== undefined) return found;
      if (gate.snapshot().state === 'open') return this.execute(key, question);
    }
    this.retain(key, question, gate.id);
    this.outages.attend(kind);
    return this.waiting(gate.id);
  }

  /** Invariant 5: an id acknowledged around a change of primary is read back before it is written again. */
  private mustReadBack(question: SchemaQuestion, known: KnownAnswer): boolean {
    return !isNamedByRecord(question) && this.parts.knowledge.isSuspect(known.acknowledgement);
  }

  private retain(key: string, question: SchemaQuestion, gateId: string): void {
    // Before any prober looks for who waits: what nobody waits for is forgotten.
    const views = this.flights.askersOf(key);
    const isNew = this.parked.add({ key, question, gateId, since: this.now(), views });
    if (isNew) this.emit({ type: 'parked', question: question.kind, gateId });
  }

  private park(key: string, question: SchemaQuestion, what: Missing): RegistryAnswer {
    const gateId = this.missing.gateIdOf(what);
    this.retain(key, question, gateId);
    this.missing.wait(question, what);
    return this.waiting(gateId);
  }

  /** What was thrown on the way, or a refusal of the registry, as an answer. */
  private refuse(key: string, failed: unknown): RegistryAnswer {
    let error = refusalOf(failed);
    // Broken off, or a mistake of ours: never the record's fault. It is asked again.
    if (error instanceof EnvironmentError) {
      if (!this.life.signal.aborted) {
        this.options.logger.error('A question to the schema registry failed; it is asked again', {
          code: REGISTRY_FAULT,
          err: error,
        });
      }
      return { kind: 'waiting', error, gateId: '', fromFuture: false };
    }
    if (error instanceof IntegrityError) error = this.parts.trust.contradictions.found(error, key);
    this.refusals.add(key, error);
    return { kind: 'refused', error };
  }

  private waiting(gateId: string): RegistryAnswer {
    const gate = this.options.gates.get(gateId)?.snapshot();
    const missing = this.missing.at(gateId);
    const code = missing?.code ?? this.outages.codeOf(gateId);
    const error = unavailable(gateId, gate?.dependency ?? 'schema registry', gate?.reason ?? '', code);
    return { kind: 'waiting', error, gateId, fromFuture: missing?.fromFuture === true };
  }

  private async probeReads(signal: AbortSignal): Promise<ProbeOutcome> {
    try {
      return await this.parts.finder.probe(signal);
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error;
      // It answers, if with a contradiction: whoever asks next is told so.
      this.parts.trust.contradictions.found(error);
      return { ok: true };
    }
  }

  /** Invariant 9: each question is asked once when its gate opens, however many wait for it. */
  private drain(gateId: string): void {
    for (const { key, question, since, views } of this.parked.at(gateId)) {
      this.parked.delete(key);
      this.emit({ type: 'resumed', question: question.kind, gateId, waitedMs: Math.round(this.now() - since) });
      if (views.size === 0 || this.life.signal.aborted) continue;
      // It was refused just now, which is what opened its gate: whoever waited is told so when it asks.
      if (this.refusals.get(key) !== undefined) continue;
      this.flights.startFor(views, key, question).catch(() => {});
    }
  }

  private now(): number {
    return this.options.clock.monotonic();
  }

  private emit(event: RegistryEvent): void {
    this.options.emit?.(event);
  }
}
