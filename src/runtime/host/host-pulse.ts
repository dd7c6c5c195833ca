/**
 * Shows from outside that the loop of a thread is blocked (its beats stop), and in which plugin call. In shared memory, because a blocked
 * loop sends no messages.
 */

const BEATS = 0;
const LENGTH = 1;
const LABEL_AT = 8;
const BYTES = 1_024;

/** In place of a task's number: the call is one of the connector itself. */
export const OF_CONNECTOR = -1;

/** A plugin call, ready to be put into the memory. */
export type CallLabel = Uint8Array;

/** The longest names lose their end: the method comes first. */
export function callLabel(call: {
  readonly connector: string;
  readonly task: number;
  readonly method: string;
}): CallLabel {
  const { connector, task, method } = call;
  return new TextEncoder().encode(`${method.replaceAll(' ', '_')} ${task} ${connector}`).subarray(0, BYTES - LABEL_AT);
}

export class HostPulse {
  readonly memory: SharedArrayBuffer;
  private readonly words: Int32Array;
  private readonly label: Uint8Array;

  /** By default of new memory, in which nothing has beaten yet. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    this.memory = memory;
    this.words = new Int32Array(memory, 0, 2);
    this.label = new Uint8Array(memory, LABEL_AT);
  }

  /** By the thread that is watched. */
  beat(): void {
    Atomics.add(this.words, BEATS, 1);
  }

  enter(label: CallLabel): void {
    this.label.set(label);
    Atomics.store(this.words, LENGTH, label.length);
  }

  leave(): void {
    Atomics.store(this.words, LENGTH, 0);
  }

  /** By the one that watches. */
  get beats(): number {
    return Atomics.load(this.words, BEATS);
  }

  /** The synchronous plugin call that the thread is in, null for none that is known of. */
  current(): { readonly connector: string; readonly task: number; readonly method: string } | null {
    const length = Atomics.load(this.words, LENGTH);
    if (length === 0) return null;
    const text = new TextDecoder().decode(this.label.slice(0, length));
    const [method = '', task = '', ...connector] = text.split(' ');
    return { method, task: Number(task), connector: connector.join(' ') };
  }
}
