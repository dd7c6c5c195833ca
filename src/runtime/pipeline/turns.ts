/** Lets one of several go at a time, in order of asking: a converter answers one call at a time. */
import { Deferred } from '../../foundation/deferred.ts';

export class Turns {
  private isTaken = false;
  private readonly waiting: Deferred[] = [];

  /** undefined: it is the caller's turn now. Otherwise resolves when it is. Every turn is given back by {@link give}. */
  take(): Promise<void> | undefined {
    if (!this.isTaken) {
      this.isTaken = true;
      return undefined;
    }
    const turn = new Deferred();
    this.waiting.push(turn);
    return turn.promise;
  }

  give(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.isTaken = false;
    else next.resolve();
  }
}
