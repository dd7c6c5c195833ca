import type { Readable } from 'node:stream';
import { type Clock, ConnectError } from 'holdfast/sdk';
import type { ByteWindow } from './byte-window.ts';
import { FILE_UNREADABLE } from './errors.ts';

/** Fills a window from the standard input, at the pace at which it is asked. */
export class StandardInput {
  private readonly stream: Readable;
  private readonly window: ByteWindow;
  private readonly clock: Clock;
  private failure: Error | null = null;
  private wake: (() => void) | null = null;
  private readonly onNews = (): void => this.wake?.();
  private readonly onError = (error: Error): void => {
    this.failure = error;
    this.wake?.();
  };

  constructor(options: { readonly window: ByteWindow; readonly clock: Clock; readonly stream?: Readable }) {
    this.stream = options.stream ?? process.stdin;
    this.window = options.window;
    this.clock = options.clock;
    this.stream.on('readable', this.onNews);
    this.stream.on('end', this.onNews);
    this.stream.on('error', this.onError);
  }

  /** Takes what is there, waiting at most `waitMs` for it. `ended`: nothing will come any more. */
  async fill(waitMs: number, signal: AbortSignal): Promise<'data' | 'none' | 'ended'> {
    if (this.take()) return 'data';
    if (!this.stream.readableEnded && this.failure === null && !signal.aborted) {
      await this.news(waitMs, signal);
      if (this.take()) return 'data';
    }
    if (this.failure !== null) {
      throw new ConnectError(`Cannot read the standard input: ${this.failure.message}`, {
        code: FILE_UNREADABLE,
        cause: this.failure,
      });
    }
    return this.stream.readableEnded ? 'ended' : 'none';
  }

  close(): void {
    this.stream.off('readable', this.onNews);
    this.stream.off('end', this.onNews);
    this.stream.off('error', this.onError);
    // A paused standard input doesn't keep the process alive.
    this.stream.pause();
  }

  private news(waitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.wake = null;
        timer.cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.clock.setTimer(done, waitMs);
      signal.addEventListener('abort', done, { once: true });
      this.wake = done;
    });
  }

  private take(): boolean {
    const chunk: unknown = this.stream.read();
    if (chunk instanceof Uint8Array) this.window.append(chunk);
    else if (typeof chunk === 'string') this.window.append(Buffer.from(chunk));
    else return false;
    return true;
  }
}
