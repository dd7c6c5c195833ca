/**
 * Writes that wait for an answer. One that a primary does not give, because it is frozen, is given up when another primary is named: whether
 * it was carried out is found out, and it goes to the new one. Without that it would hang until its time limit.
 */
import type { Clock, Timer } from '../foundation/clock.ts';
import type { CallResult } from './node-exchange.ts';

export interface WritesUnderWayOptions {
  readonly clock: Clock;
  /** A write at this node has had no answer for a second. */
  readonly onHanging: (node: string) => void;
}

interface Write {
  readonly beganAt: number;
  readonly end: AbortController;
  timer: Timer | undefined;
}

/** A write that goes on for less is not hanging: a primary that hands over its role may still answer it. */
const PATIENCE_MS = 500;
const HANGING_MS = 1000;

export class WritesUnderWay {
  private readonly options: WritesUnderWayOptions;
  private readonly writes = new Set<Write>();

  constructor(options: WritesUnderWayOptions) {
    this.options = options;
  }

  /**
   * What `write` comes to, which gets a signal of its own; or `overtaken`, at once, when it was given up. Rejects with the reason of `signal`.
   */
  async run(node: string, signal: AbortSignal, write: (own: AbortSignal) => Promise<CallResult>): Promise<CallResult> {
    const { clock, onHanging } = this.options;
    const under: Write = { beganAt: clock.monotonic(), end: new AbortController(), timer: undefined };
    const { signal: end } = under.end;
    this.writes.add(under);
    const hanging = clock.setTimer(() => onHanging(node), HANGING_MS);
    const given = new Promise<CallResult>((resolve) => {
      end.addEventListener('abort', () => resolve(overtaken(node)), { once: true });
    });
    const written = write(AbortSignal.any([signal, end]));
    // Given up, it fails with nobody listening.
    written.catch(() => {});
    try {
      return await Promise.race([written, given]);
    } finally {
      this.writes.delete(under);
      under.timer?.cancel();
      hanging.cancel();
    }
  }

  /** Another primary was named: what hangs since before is given up. */
  giveUp(): void {
    const { clock } = this.options;
    const now = clock.monotonic();
    for (const write of this.writes) {
      const leftMs = PATIENCE_MS - (now - write.beganAt);
      if (leftMs <= 0) write.end.abort();
      else write.timer ??= clock.setTimer(() => write.end.abort(), leftMs);
    }
  }
}

function overtaken(node: string): CallResult {
  return {
    verdict: { class: 'park', outcomeUnknown: true },
    node,
    status: undefined,
    transport: 'timeout',
    overtaken: true,
    errorCode: undefined,
    json: undefined,
    reason: `no answer at ${node} until another primary was named`,
  };
}
