/**
 * A question that fails at every node, like in an outage, while all others are served: the record of an id that a registry can't read back
 * must not stop those of all others.
 */
import type { Clock } from '../foundation/clock.ts';
import { LruCache } from '../foundation/lru-cache.ts';
import type { SchemaQuestion } from '../sdk/schema-view.ts';

export interface LoneFailuresOptions {
  readonly clock: Clock;
  /** Whether something else is served. */
  readonly servesOthers: (question: SchemaQuestion) => Promise<boolean>;
}

const MAX_QUESTIONS = 1000;

export class LoneFailures {
  private readonly servesOthers: LoneFailuresOptions['servesOthers'];
  private readonly questions: LruCache<string, true>;

  constructor({ clock, servesOthers }: LoneFailuresOptions) {
    this.servesOthers = servesOthers;
    this.questions = new LruCache({ maxEntries: MAX_QUESTIONS, clock });
  }

  /**
   * It found no usable answer at any node. Asks for something else only when there is a sign that this one is alone with it, so that an outage
   * shuts its gate at once: it was before, or the gate `opened` just now, because something was served.
   */
  async isAlone(key: string, question: SchemaQuestion, opened: boolean): Promise<boolean> {
    if (!opened && this.questions.get(key) === undefined) return false;
    const isAlone = await this.servesOthers(question);
    if (isAlone) this.questions.set(key, true);
    else this.questions.delete(key);
    return isAlone;
  }

  /** It was answered. */
  settled(key: string): void {
    this.questions.delete(key);
  }
}
