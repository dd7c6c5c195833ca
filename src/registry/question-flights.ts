/** Questions on their way to the registry: each goes once, whoever asks it meanwhile, and nobody waits long without being told. */
import type { SchemaQuestion } from '../sdk/schema-view.ts';
import { AskingViews } from './asking-views.ts';
import type { ParkedQuestions } from './parked-questions.ts';
import type { RegistryAnswer } from './registry-messages.ts';
import type { SlowAnswers } from './slow-answers.ts';

export interface QuestionFlightsOptions {
  /** Asks. Never rejects. */
  readonly fly: (key: string, question: SchemaQuestion) => Promise<RegistryAnswer>;
  readonly parked: ParkedQuestions;
  readonly slow: SlowAnswers;
}

export class QuestionFlights {
  private readonly options: QuestionFlightsOptions;
  private readonly inFlight = new Map<string, Promise<RegistryAnswer>>();
  private readonly asking = new AskingViews();

  constructor(options: QuestionFlightsOptions) {
    this.options = options;
  }

  /** Enters as waiting, when it comes to that, those who have not withdrawn meanwhile. */
  startFor(views: Iterable<string>, key: string, question: SchemaQuestion): Promise<RegistryAnswer> {
    const { parked, slow } = this.options;
    const asking = this.asking.enter(key, views);
    const flight = this.start(key, question);
    const entered = flight.then((answer) => {
      this.asking.leave(key, asking);
      const waiting = answer.kind === 'waiting' ? parked.get(key) : undefined;
      if (waiting !== undefined) for (const view of this.asking.present(views)) waiting.views.add(view);
      return answer;
    });
    return slow.patiently(flight, entered);
  }

  /** One flight per question: whoever asks meanwhile joins it. Never rejects. */
  start(key: string, question: SchemaQuestion): Promise<RegistryAnswer> {
    const flying = this.inFlight.get(key);
    if (flying !== undefined) return flying;
    const flight = this.options.fly(key, question).finally(() => this.inFlight.delete(key));
    this.inFlight.set(key, flight);
    return flight;
  }

  /** Who asks this at the moment. */
  askersOf(key: string): Set<string> {
    return this.asking.of(key);
  }

  /** Those of these views that have not withdrawn. */
  present(views: Iterable<string>): Set<string> {
    return this.asking.present(views);
  }

  withdraw(view: string): void {
    this.asking.withdraw(view);
  }
}
