/** Whether a gate may open can only be found out with a question that waits at it: one goes first. */

import type { AccessKind, Outages } from './outages.ts';
import type { ParkedQuestions } from './parked-questions.ts';
import type { ProbeOutcome } from './prober.ts';
import type { QuestionFlights } from './question-flights.ts';

export interface GateTrialsOptions {
  readonly outages: Outages;
  readonly parked: ParkedQuestions;
  readonly flights: QuestionFlights;
  /** Of the client. */
  readonly signal: AbortSignal;
}

export class GateTrials {
  private readonly options: GateTrialsOptions;

  constructor(options: GateTrialsOptions) {
    this.options = options;
  }

  /**
   * `untried`: nothing waits. One that is refused without a word of the primary tells nothing of the others: the next one tries. When nobody
   * else waits, the gate opens, so that those are told who were refused.
   */
  async tryOne(kind: AccessKind): Promise<ProbeOutcome | 'untried'> {
    const { outages, parked, flights, signal } = this.options;
    const gate = outages.gates[kind];
    let outcome: ProbeOutcome | 'untried' = 'untried';
    for (let trial = parked.nextTrial(gate.id); trial !== undefined; trial = parked.nextTrial(gate.id)) {
      const { key, question } = trial;
      gate.halfOpen();
      const answer = await flights.start(key, question);
      signal.throwIfAborted();
      if (answer.kind === 'waiting' && answer.gateId === gate.id) return { ok: false, reason: gate.snapshot().reason };
      outcome = { ok: true };
      if (kind === 'read' || outages.isOpen(kind)) break;
      // Invariant 9: it is not tried again; who waits for it asks when the gate opens.
      if (parked.get(key)?.gateId === gate.id) parked.delete(key);
    }
    return outcome;
  }
}
