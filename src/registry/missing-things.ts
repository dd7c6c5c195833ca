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

export class MissingThings {
  private readonly options: MissingThingsOptions;
  private readonly byGate = new Map<string, Missing>();
  private readonly pace: RecheckPace;

  constructor(options: MissingThingsOptions) {
    const { clock, random } = options;
    this.options = options;
    this.pace = new RecheckPace({ clock, waiting: () => this.byGate.size, random });
  }

  /** What the gate of that id stands for. */
  at(gateId: string): Missing | undefined {
    return this.byGate.get(gateId);
  }

  gateIdOf(what: Missing): string {
    return `registry:${this.options.registryId}:${what.gate}`;
  }

  /** Shuts the gate of what is missing, and asks for it from time to time; whoever waits must have been entered before. */
  wait(question: SchemaQuestion, what: Missing): void {
    const { logger, emit } = this.options;
    const gateId = this.gateIdOf(what);
    const before = this.byGate.get(gateId);
    this.byGate.set(gateId, what);
    const gate = this.gate(gateId, what.dependency);
    gate.close(what.reason);
    if (before?.code !== what.code) {
      const { code, reason } = what;
      logger.warn('The schema registry lacks something; what needs it waits', { code, gate: gateId, reason });
      emit({ type: 'gate', gate: gate.snapshot(), closedForMs: 0 });
      if (what.fromFuture && question.kind === 'by-id') emit({ type: 'id-from-future', id: question.id, reason });
    }
    if (before === undefined) this.recheck(gateId).catch(() => {});
  }

  /** Nobody waits there any more. */
  abandon(gateId: string): void {
    if (this.byGate.has(gateId)) this.gate(gateId).open();
  }

  /** Asks for everything now instead of at the planned time. */
  askNow(): void {
    this.pace.wake();
  }

  private async recheck(gateId: string): Promise<void> {
    const { clock, logger, signal, parked, mayAsk, ask, emit, onOpened } = this.options;
    const gate = this.gate(gateId);
    const nextDelay = this.pace.delays();
    const since = clock.monotonic();
    try {
      for (;;) {
        const delayMs = nextDelay();
        gate.probed(gate.snapshot().reason, clock.now() + delayMs);
        await this.pace.sleep(delayMs, signal);
        const next = parked.nextTrial(gateId);
        if (next === undefined || gate.snapshot().state === 'open') break;
        if (!mayAsk(next.question)) continue;
        const answer = await ask(next.key, next.question);
        if (answer.kind === 'known') this.pace.turnedUp();
        if (answer.kind !== 'waiting' || answer.gateId !== gateId) break;
      }
    } finally {
      const closedForMs = Math.round(clock.monotonic() - since);
      const code = this.byGate.get(gateId)?.code;
      this.byGate.delete(gateId);
      gate.open();
      logger.info('What waited for the schema registry goes on', { code, gate: gateId, closedForMs });
      emit({ type: 'gate', gate: gate.snapshot(), closedForMs });
      onOpened(gateId);
    }
  }

  private gate(gateId: string, dependency = ''): OwnedGate {
    return this.options.gates.gate(gateId, dependency, { transient: true });
  }
}
