/** What those who know whether converted bytes are still right tell the task that wrote them or is about to. */
import type { ConnectError } from '../../sdk/errors/connect-error.ts';

export interface TaskSignalsListener {
  /** What was converted before and is not written yet has to be converted again. */
  recalled(): void;
  /** Something that the task used is not what it was said to be: the task fails with this. */
  stopped(error: ConnectError): void;
}

export class TaskSignals {
  private listener: TaskSignalsListener | null = null;
  private stopError: ConnectError | null = null;
  private recalls = 0;

  /** Rises with every recall: what was converted under a lower one must not be written any more. */
  get generation(): number {
    return this.recalls;
  }

  recall(): void {
    this.recalls++;
    this.listener?.recalled();
  }

  stop(error: ConnectError): void {
    if (this.stopError !== null) return;
    this.stopError = error;
    this.listener?.stopped(error);
  }

  /** Once, by the task; hears at once of what came while it was being built. */
  listen(listener: TaskSignalsListener): void {
    this.listener = listener;
    if (this.stopError !== null) listener.stopped(this.stopError);
  }
}
