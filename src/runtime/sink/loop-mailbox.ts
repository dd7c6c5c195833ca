/** What reaches a loop from outside of it: things to do, one at a time and in order, and the word that something has changed. */
import { Deferred } from '../../foundation/deferred.ts';

export class LoopMailbox {
  private readonly commands: (() => Promise<void>)[] = [];
  private wakeup = new Deferred();
  private awake = false;
  private readonly onWake: () => void;

  /** `onWake`: whatever the loop waits for elsewhere is to end soon. */
  constructor(options: { readonly onWake: () => void }) {
    this.onWake = options.onWake;
  }

  /** Something has happened since the loop last looked. */
  get isAwake(): boolean {
    return this.awake;
  }

  /** Done by the loop, after what was posted before. */
  post(command: () => Promise<void>): void {
    this.commands.push(command);
    this.wake();
  }

  wake(): void {
    this.awake = true;
    this.wakeup.resolve();
    this.wakeup = new Deferred();
    this.onWake();
  }

  /** The loop looks now. */
  look(): void {
    this.awake = false;
  }

  /** Does what was posted; `run` gets each in its turn. Rejects with what one throws: the rest stays posted. */
  async drain(run: (command: () => Promise<void>) => Promise<void> = (command) => command()): Promise<void> {
    for (let next = this.commands.shift(); next !== undefined; next = this.commands.shift()) await run(next);
  }

  /** Until something happens. */
  async idle(): Promise<void> {
    if (!this.awake) await this.wakeup.promise;
  }
}
