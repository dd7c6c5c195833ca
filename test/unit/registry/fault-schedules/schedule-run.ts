/** Plays one schedule in virtual time and says everything that the layer promised and did not keep. */
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { EnvironmentError, IntegrityError } from '../../../../src/sdk/errors/index.ts';
import type { SchemaQuestion } from '../../../../src/sdk/schema-view.ts';
import { seededRandom } from '../../../support/seeded-random.ts';
import type { Contradiction, Schedule, Step } from './fault-schedule.ts';
import { OLD_SUBJECTS, type RegistryStep, ScheduleRegistry } from './schedule-registry.ts';
import {
  contentOf,
  incompatibleText,
  readQuestion,
  schemaText,
  subjectName,
  writeQuestion,
} from './schedule-schemas.ts';
import { type FinalAnswer, type ScheduleTask, ScheduleWorker } from './schedule-worker.ts';

/** What the end of a task is to be. */
type Expected =
  | { readonly kind: 'content'; readonly content: string }
  /** Refused, as bad data. */
  | { readonly kind: 'refused'; readonly code: string };

interface Running {
  readonly task: ScheduleTask;
  readonly expected: Expected;
}

export interface ScheduleOutcome {
  /** Empty: every promise was kept. */
  readonly violations: readonly string[];
  /** ms of virtual time from the end of the faults until the last task was answered. */
  readonly settledAfterMs: number;
  readonly peakPerSecond: number;
  readonly requests: number;
  readonly tasks: number;
  /** Written by those that went on writing. */
  readonly records: number;
  readonly integrityErrors: number;
}

/** A registry that is whole again has answered every question by then, in ms. */
const SETTLES_WITHIN_MS = 120_000;
/** Requests per second in sum over the nodes; a question of its own (not: a task) adds at most {@link PER_QUESTION}. */
const PEAK_BASE = 60;
/** Itself and, behind one URL, five reads for the barrier. */
const PER_QUESTION = 10;
/** A node that lacks new ids is asked for them every 20 ms in sum. */
const BARRIER_PER_NODE = 50;

/** Where a registry tells no highest id and one is missing, ten ids above it and the latest versions of fifty subjects are looked for, once. */
const SEARCH_ABOVE = 60;

export class ScheduleRun {
  private readonly clock: ManualClock;
  private readonly schedule: Schedule<Step | Contradiction>;
  private readonly world: ScheduleRegistry;
  private readonly worker: ScheduleWorker;
  private readonly violations: string[] = [];
  private readonly running: Running[] = [];
  private readonly ends: Promise<void>[] = [];
  /** What a topic carries by now: id -> content that it was written with. */
  private readonly carried = new Map<number, string>();
  /** id -> content, as any view of the worker was told. */
  private readonly told = new Map<number, string>();
  private readonly questions = new Set<string>();
  /** They ask for a second schema of an id that the worker knew already. */
  private readonly contradicted: { readonly id: number; readonly task: ScheduleTask }[] = [];
  private readonly mayContradict: boolean;
  private host = 0;
  private records = 0;

  private constructor(schedule: Schedule<Step | Contradiction>, clock: ManualClock, world: ScheduleRegistry) {
    this.schedule = schedule;
    this.clock = clock;
    this.world = world;
    this.mayContradict = schedule.steps.some(({ step }) => step.do === 'duplicate' || step.do === 'restore');
    const { hosts, latencyMs, seed } = schedule;
    const random = seededRandom(seed);
    this.worker = new ScheduleWorker({ registry: world.registry, clock, random, hosts, latencyMs });
  }

  static async play(schedule: Schedule<Step | Contradiction>): Promise<ScheduleOutcome> {
    const clock = new ManualClock();
    const world = await ScheduleRegistry.start(schedule, clock);
    const run = new ScheduleRun(schedule, clock, world);
    const onRejection = (reason: unknown): void => run.violate(`unhandled rejection: ${String(reason)}`);
    process.on('unhandledRejection', onRejection);
    try {
      return await run.toTheEnd();
    } finally {
      process.off('unhandledRejection', onRejection);
    }
  }

  private async toTheEnd(): Promise<ScheduleOutcome> {
    const { clock, world, worker } = this;
    const { registry } = world;
    for (const { after, step } of this.schedule.steps) {
      await clock.advance(after);
      this.perform(step);
    }
    await clock.advance(1);
    world.mend(this.schedule.seed);
    const mendedAt = clock.monotonic();
    // What a contradiction has lost is never answered: no use waiting for it.
    const untilMs = this.mayContradict ? SETTLES_WITHIN_MS / 4 : SETTLES_WITHIN_MS;
    while (this.open().length > 0 && clock.monotonic() - mendedAt < untilMs) await clock.advance(500);
    const settledAfterMs = clock.monotonic() - mendedAt;
    await this.checkReading();
    this.checkAnswers();
    this.checkLoad();
    const integrityErrors = worker.events.filter(({ type }) => type === 'integrity').length;
    this.checkIntegrity(integrityErrors);
    for (const { task } of this.running) {
      if (task.stopped !== undefined && !this.mayContradict)
        this.violate(`a task was stopped: ${task.stopped.message}`);
      task.leave();
    }
    await clock.advance(0);
    await Promise.all([worker.close(), clock.advance(0)]);
    await Promise.all([registry.stop(), clock.advance(0)]);
    // Tasks that were just being let go have 50 ms for it; a registry that was restored under a write gives the write up after 60 s.
    await clock.advance(this.mayContradict ? 61_000 : 100);
    if (clock.pendingTimers > 0) this.violate(`${clock.pendingTimers} timers are left after everything was closed`);
    await Promise.all(this.ends);
    return {
      violations: this.violations,
      settledAfterMs,
      peakPerSecond: registry.requests.peak(1000),
      requests: registry.requests.count,
      tasks: this.running.length,
      records: this.records,
      integrityErrors,
    };
  }

  private perform(step: Step | Contradiction): void {
    switch (step.do) {
      case 'write':
        this.write(step);
        return;
      case 'read':
        this.read(step);
        return;
      case 'write-elsewhere':
        this.writeElsewhere(step);
        return;
      case 'wrong':
        this.beWrong(step.what);
        return;
      case 'leave': {
        const open = this.open();
        open[step.pick % open.length]?.task.leave();
        return;
      }
      case 'probe-now':
        this.worker.probeNow();
        return;
      case 'duplicate':
        this.duplicate(step.pick);
        return;
      default:
        this.world.perform(step satisfies RegistryStep);
    }
  }

  private write({ how, subject, version, tasks }: Extract<Step, { do: 'write' }>): void {
    // A look-up is for what is there; only the first versions are for sure.
    const isOld = how === 'lookup';
    const text = isOld ? schemaText(subject % OLD_SUBJECTS, 0) : schemaText(subject, version);
    const name = subjectName(isOld ? subject % OLD_SUBJECTS : subject);
    const expected = { kind: 'content', content: contentOf(text.schema) } as const;
    // One of them goes on writing with what it was told.
    for (let i = 0; i < tasks; i++) this.begin(writeQuestion(how, name, text), expected, i === 0);
  }

  private read({ of, pick, tasks }: Extract<Step, { do: 'read' }>): void {
    const { oldIds } = this.world;
    const ids = of === 'old' ? oldIds : [...this.carried.keys()];
    const id = ids[pick % ids.length];
    if (id === undefined) return;
    const content = this.carried.get(id) ?? contentOf(schemaText(oldIds.indexOf(id), 0).schema);
    for (let i = 0; i < tasks; i++) this.begin(readQuestion(id), { kind: 'content', content });
  }

  private writeElsewhere({ subject, version, at }: Extract<Step, { do: 'write-elsewhere' }>): void {
    const { registry } = this.world;
    const text = schemaText(subject, version);
    const asked = this.worker.transport.request(
      {
        node: registry.urls[at % registry.urls.length] ?? '',
        method: 'POST',
        path: `/subjects/${subjectName(subject)}/versions`,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ schema: text.schema }),
        channel: 'write',
        fresh: true,
        timeoutMs: 5_000,
      },
      new AbortController().signal,
    );
    asked.then(
      ({ status, body }) => {
        if (status !== 200 || !body.startsWith('{"id"')) return;
        const { id } = JSON.parse(body) as { readonly id: number };
        if (!this.mayContradict) this.carried.set(id, contentOf(text.schema));
      },
      () => {},
    );
  }

  private beWrong(what: Extract<Step, { do: 'wrong' }>['what']): void {
    if (what === 'incompatible') {
      const question = writeQuestion('register', subjectName(0), incompatibleText(0));
      this.begin(question, { kind: 'refused', code: 'holdfast.registry.schema.incompatible' });
    } else if (what === 'absurd-id') {
      this.begin(readQuestion(1_900_000_001), { kind: 'refused', code: 'holdfast.registry.id.unknown' });
    } else {
      const question = writeQuestion('lookup', 'never-value', schemaText(9, 0));
      this.begin(question, { kind: 'refused', code: 'holdfast.registry.subject.unknown' });
    }
  }

  /** Whoever asks for the second schema of an id finds out, where a registry gives it out at all. */
  private duplicate(pick: number): void {
    const { id, subject, text } = this.world.duplicate(pick);
    const wasKnown = this.told.has(id);
    const task = this.begin(writeQuestion('register', subject, text), {
      kind: 'content',
      content: contentOf(text.schema),
    });
    if (wasKnown) this.contradicted.push({ id, task });
  }

  private begin(question: SchemaQuestion, expected: Expected, keepsWriting = false): ScheduleTask {
    this.questions.add(question.key);
    // A task that is answered later asked anew: what an operator has mended by then, as others were told meanwhile, is good again.
    let before: ReadonlyMap<number | 'all', number> = new Map();
    const task = this.worker.task(this.host++, question);
    this.running.push({ task, expected });
    this.ends.push(
      task
        .run((answer) => {
          before = new Map(this.worker.contradicted);
          this.answered(question, expected, answer);
        })
        .then(() =>
          keepsWriting ? task.keepWriting((answer) => this.wrote(question, expected, answer, before)) : undefined,
        )
        .catch((error: unknown) => this.violate(`a task broke: ${String(error)}`)),
    );
    return task;
  }

  private answered(question: SchemaQuestion, expected: Expected, answer: FinalAnswer): void {
    if (answer.kind === 'refused') {
      const { error } = answer;
      if (error instanceof EnvironmentError)
        this.violate(`${question.key}: the environment refused it: ${error.message}`);
      else if (error instanceof IntegrityError) {
        if (!this.mayContradict) this.violate(`${question.key}: integrity error without a reason: ${error.message}`);
      } else if (expected.kind !== 'refused' && !this.mayContradict) {
        this.violate(`${question.key}: refused with ${error.code}: ${error.message}`);
      } else if (expected.kind === 'refused' && expected.code !== error.code && !this.mayContradict) {
        this.violate(`${question.key}: refused with ${error.code} instead of ${expected.code}`);
      }
      return;
    }
    const { id } = answer.schema;
    const content = contentOf(answer.schema.schema);
    // Invariant 6: within a worker an id never means two things.
    const before = this.told.get(id);
    if (before !== undefined && before !== content) this.violate(`id ${id} was ${before} and became ${content}`);
    this.told.set(id, content);
    if (expected.kind === 'refused') this.violate(`${question.key}: was to be refused, and is id ${id}`);
    else if (content !== expected.content && !(this.mayContradict && question.kind === 'by-id')) {
      this.violate(`${question.key}: id ${id} came with ${content} instead of ${expected.content}`);
    }
    if (question.kind === 'by-id' && question.id !== id) this.violate(`${question.key}: answered with id ${id}`);
    if (question.kind !== 'by-id') this.acknowledged(question, id, content);
  }

  /** A record of a writer that went on: as good as its first answer, and never with an id that is known to be contradicted. */
  private wrote(
    question: SchemaQuestion,
    expected: Expected,
    answer: FinalAnswer,
    before: ReadonlyMap<number | 'all', number>,
  ): void {
    this.records++;
    this.answered(question, expected, answer);
    if (answer.kind !== 'known') return;
    const { contradicted } = this.worker;
    const { id } = answer.schema;
    if (contradicted.get('all') !== before.get('all') || contradicted.get(id) !== before.get(id)) {
      this.violate(`${question.key}: a record was written with id ${id} after it was contradicted`);
    }
  }

  /** Invariant 5: an id is handed to a writer only if the registry has it for that schema. */
  private acknowledged(question: Exclude<SchemaQuestion, { kind: 'by-id' }>, id: number, content: string): void {
    this.carried.set(id, content);
    this.world.keepTruth();
    if (!this.world.written.has(`${id} ${question.subject} ${content}`)) {
      this.violate(`${question.key}: the registry never gave it id ${id}`);
    }
  }

  /** In the end every id that a record carries can be read, by somebody who knows nothing yet, with the right content. */
  private async checkReading(): Promise<void> {
    if (this.world.contradictedItself || this.mayContradict) return;
    const { clock, schedule, world } = this;
    const fresh = new ScheduleWorker({
      registry: world.registry,
      clock,
      random: seededRandom(1),
      hosts: 1,
      latencyMs: schedule.latencyMs,
    });
    const readers = [...this.carried].map(([id, content]) => ({ id, content, task: fresh.task(0, readQuestion(id)) }));
    for (const { task } of readers) this.ends.push(task.run(() => {}));
    await clock.advance(5_000);
    for (const { id, content, task } of readers) {
      const { answer } = task;
      if (answer?.kind !== 'known' || contentOf(answer.schema.schema) !== content) {
        this.violate(`id ${id} can not be read in the end: ${answer?.kind ?? task.waitsFor}`);
      }
      task.leave();
    }
    await Promise.all([fresh.close(), clock.advance(0)]);
  }

  private checkAnswers(): void {
    if (this.mayContradict) return;
    for (const { task } of this.open()) {
      this.violate(`${task.question.key}: not answered ${SETTLES_WITHIN_MS} ms after the end: ${task.waitsFor}`);
    }
  }

  private checkIntegrity(errors: number): void {
    if (errors > 0 && !this.world.contradictedItself) this.violate('an integrity error without a contradiction');
    const acknowledged = this.world.registry.acknowledged();
    for (const { id, task } of this.contradicted) {
      const { answer, question } = task;
      const isGivenOut = acknowledged.some((ack) => ack.id === id && ack.subject === question.subject);
      const isTold = answer?.kind === 'refused' && answer.error instanceof IntegrityError;
      const mayEndOtherwise = task.hasLeft || this.schedule.steps.some(({ step }) => step.do === 'restore');
      if (isGivenOut && !isTold && !mayEndOtherwise) {
        this.violate(`${question.key}: was not told that id ${id} means another schema`);
      }
    }
  }

  /** Invariant 9: the load has a bound that does not grow with the number of tasks. */
  private checkLoad(): void {
    const search = this.mayContradict ? SEARCH_ABOVE : 0;
    const bound = PEAK_BASE + BARRIER_PER_NODE * this.schedule.nodes + PER_QUESTION * this.questions.size + search;
    const peak = this.world.registry.requests.peak(1000);
    if (peak > bound)
      this.violate(`${peak} requests in a second for ${this.questions.size} questions; ${bound} may be`);
  }

  private open(): Running[] {
    return this.running.filter(({ task }) => task.answer === undefined && !task.hasLeft);
  }

  private violate(what: string): void {
    this.violations.push(`at ${Math.round(this.clock.monotonic())} ms: ${what}`);
  }
}
