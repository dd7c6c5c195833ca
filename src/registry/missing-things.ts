/** What a registry that works lacks for now: each has a gate of its own, which is worked on until it is settled or nobody waits. */
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { SchemaQuestion } from '../sdk/schema-view.ts';
import type { GateBook, OwnedGate } from './gate-book.ts';
import type { ParkedQuestions } from './parked-questions.ts';
import { RecheckPace } from './recheck-pace.ts';
import type { RegistryEvent } from './registry-events.ts';
import type { RegistryAnswer } from './registry-messages.ts';

export interface Missing {
  /** What follows `registry:<id>:` in the gate's id. */
  readonly gate: string;
  readonly dependency: string;
  readonly reason: string;
  readonly code: string;
  /** The id lies above what every node has: `unknown.id.action` applies. */
  readonly fromFuture: boolean;
}

export interface MissingThingsOptions {
  readonly registryId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly gates: GateBook;
  readonly parked: ParkedQuestions;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** False while the gate that this question needs as well is shut: it would be asked in vain. */
  readonly mayAsk: (question: SchemaQuestion) => boolean;
  readonly ask: (key: string, question: SchemaQuestion) => Promise<RegistryAnswer>;
  /** Its gate opened; what waited there is to be asked. */
  readonly onOpened: (gateId: string) => void;
  readonly emit: (event: RegistryEvent) => void;
  readonly random?: () => number;
}

/** From the shutting of a gate to its opening. */
interface Waiting {
  what: Missing;
  readonly gate: OwnedGate;
  /** Clock.monotonic() */
  readonly since: number;
}

export class MissingThings {
  private readonly options: MissingThingsOptions;
  private readonly byGate = new Map<string, Waiting>();
  private readonly pace: RecheckPace;

  constructor(options: MissingThingsOptions) {
    const { clock, random } = options;
    this.options = options;
    this.pace = new RecheckPace({ clock, waiting: () => this.byGate.size, random });
  }

  /** What the gate of that id stands for. */
  at(gateId: string): Missing | undefined {
    return this.byGate.get(gateId)?.what;
  }

  gateIdOf(what: Missing): string {
    return `registry:${this.options.registryId}:${what.gate}`;
  }

  /** Shuts the gate of what is missing, and asks for it from time to time; whoever waits must have been entered before. */
  wait(question: SchemaQuestion, what: Missing): void {
    const { clock, logger, emit, gates } = this.options;
    const gateId = this.gateIdOf(what);
    const before = this.byGate.get(gateId);
    const codeBefore = before?.what.code;
    const gate = before?.gate ?? gates.gate(gateId, what.dependency, { transient: true });
    const waiting = before ?? { what, gate, since: clock.monotonic() };
    waiting.what = what;
    this.byGate.set(gateId, waiting);
    gate.close(what.reason, what.code);
    if (codeBefore !== what.code) {
      const { code, reason } = what;
      logger.warn('The schema registry lacks something; what needs it waits', { code, gate: gateId, reason });
      emit({ type: 'gate', gate: gate.snapshot(), closedForMs: 0 });
      if (what.fromFuture && question.kind === 'by-id') emit({ type: 'id-from-future', id: question.id, reason });
    }
    if (before === undefined) this.recheck(waiting).catch(() => {});
  }

  /** Nobody waits there any more. Whoever comes later waits anew. */
  abandon(gateId: string): void {
    const waiting = this.byGate.get(gateId);
    if (waiting !== undefined) this.end(waiting);
  }

  /** Asks for everything now instead of at the planned time. */
  askNow(): void {
    this.pace.wake();
  }

  private async recheck(waiting: Waiting): Promise<void> {
    const { clock, signal, parked, mayAsk, ask } = this.options;
    const { gate } = waiting;
    const nextDelay = this.pace.delays();
    try {
      for (;;) {
        const delayMs = nextDelay();
        gate.probed(gate.snapshot().reason, clock.now() + delayMs);
        await this.pace.sleep(delayMs, signal);
        if (this.byGate.get(gate.id) !== waiting) return;
        const next = parked.nextTrial(gate.id);
        if (next === undefined) break;
        if (!mayAsk(next.question)) continue;
        const answer = await ask(next.key, next.question);
        if (answer.kind === 'known') this.pace.turnedUp();
        if (answer.kind !== 'waiting' || answer.gateId !== gate.id) break;
      }
    } finally {
      this.end(waiting);
    }
  }

  /** Once. Another one may wait at a gate of that name by then. */
  private end(waiting: Waiting): void {
    const { clock, logger, emit, onOpened } = this.options;
    const { gate, since, what } = waiting;
    if (this.byGate.get(gate.id) !== waiting) return;
    this.byGate.delete(gate.id);
    const closedForMs = Math.round(clock.monotonic() - since);
    gate.open();
    logger.info('What waited for the schema registry goes on', { code: what.code, gate: gate.id, closedForMs });
    emit({ type: 'gate', gate: gate.snapshot(), closedForMs });
    onOpened(gate.id);
  }
}
