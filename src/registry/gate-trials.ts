/** Whoever waits at a gate finds out, one at a time, whether it can be opened. */
import type { OwnedGate } from './gate-book.ts';
import type { AccessKind, Outages } from './outages.ts';
import type { ParkedQuestion, ParkedQuestions } from './parked-questions.ts';
import type { ProbeOutcome } from './prober.ts';
import type { RegistryAnswer } from './registry-messages.ts';

export interface GateTrialsOptions {
  readonly outages: () => Outages;
  readonly parked: ParkedQuestions;
  /** What an answer to it takes. */
  readonly accessOf: (parked: ParkedQuestion) => AccessKind;
  readonly ask: (parked: ParkedQuestion) => Promise<RegistryAnswer>;
  /** Ends it. */
  readonly signal: AbortSignal;
}

export class GateTrials {
  private readonly options: GateTrialsOptions;

  constructor(options: GateTrialsOptions) {
    this.options = options;
  }

  /** `untried`: nobody waits there who could tell. */
  of(kind: AccessKind): Promise<ProbeOutcome | 'untried'> {
    return kind === 'read' ? this.read() : this.write();
  }

  /** The first answer decides. A registration that waits here until reads work can not tell whether they do. */
  private async read(): Promise<ProbeOutcome | 'untried'> {
    const { outages, parked, accessOf } = this.options;
    const gate = outages().gates.read;
    const trial = parked.nextTrial(gate.id, (each) => accessOf(each) === 'read');
    return trial === undefined ? 'untried' : this.settle(gate, trial, [gate.id]);
  }

  /**
   * One that is answered without a word of the primary tells nothing of the others: the next one tries. When nobody else waits, the gate opens,
   * so that those are told who were answered.
   */
  private async write(): Promise<ProbeOutcome | 'untried'> {
    const { outages, parked } = this.options;
    const { read, write: gate } = outages().gates;
    let outcome: ProbeOutcome | 'untried' = 'untried';
    for (let trial = parked.nextTrial(gate.id); trial !== undefined; trial = parked.nextTrial(gate.id)) {
      // Reads may have failed meanwhile, for which it waits first.
      outcome = await this.settle(gate, trial, [gate.id, read.id]);
      if (!outcome.ok || outages().isOpen('write')) break;
      // Invariant 9: it is not tried again; who waits for it asks when the gate opens.
      if (parked.get(trial.key)?.gateId === gate.id) parked.delete(trial.key);
    }
    return outcome;
  }

  /** `vain`: the gates at which it waits when it found no usable answer. */
  private async settle(gate: OwnedGate, trial: ParkedQuestion, vain: readonly string[]): Promise<ProbeOutcome> {
    const { ask, signal } = this.options;
    gate.halfOpen();
    const answer = await ask(trial);
    signal.throwIfAborted();
    const isAway = answer.kind === 'waiting' && vain.includes(answer.gateId);
    return isAway ? { ok: false, reason: gate.snapshot().reason } : { ok: true };
  }
}
