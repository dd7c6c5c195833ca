/** Keys that are due at some time, the earliest first. One timer, however many there are. */
import type { Clock, Timer } from '../foundation/clock.ts';

interface Due {
  /** Clock.monotonic() */
  at: number;
  /** Where its entry in the heap stands, which may be earlier than `at`: it is moved when its turn comes. */
  entered: number;
}

interface Entry {
  readonly key: string;
  readonly at: number;
}

export class DueQueue {
  private readonly clock: Clock;
  private readonly onDue: () => void;
  private readonly due = new Map<string, Due>();
  /** A binary heap by `at`. An entry that its key has left behind is dropped when its turn comes. */
  private readonly heap: Entry[] = [];
  private timer: { readonly at: number; readonly timer: Timer } | undefined;

  constructor(options: {
    readonly clock: Clock;
    /** Something has become due; told at least once until all that is due was taken. */
    readonly onDue: () => void;
  }) {
    this.clock = options.clock;
    this.onDue = options.onDue;
  }

  get size(): number {
    return this.due.size;
  }

  has(key: string): boolean {
    return this.due.has(key);
  }

  /** Due `delayMs` from now, whatever was set for it before. */
  set(key: string, delayMs: number): void {
    const at = this.clock.monotonic() + delayMs;
    const before = this.due.get(key);
    if (before !== undefined && before.entered <= at) before.at = at;
    else {
      this.due.set(key, { at, entered: at });
      this.push({ key, at });
    }
    this.arm();
  }

  /** Something is due. */
  get isDue(): boolean {
    const isDue = this.tidy();
    if (!isDue) this.arm();
    return isDue;
  }

  /** What is due, and has been for longest; it is in the queue no more. */
  take(): string | undefined {
    if (!this.isDue) return undefined;
    const entry = this.pop();
    if (entry !== undefined) this.due.delete(entry.key);
    return entry?.key;
  }

  clear(): void {
    this.timer?.timer.cancel();
    this.timer = undefined;
    this.due.clear();
    this.heap.length = 0;
  }

  /** Brings a true entry to the top. Whether it is due. */
  private tidy(): boolean {
    const now = this.clock.monotonic();
    for (let top = this.heap[0]; top !== undefined && top.at <= now; top = this.heap[0]) {
      const due = this.due.get(top.key);
      if (due?.entered === top.at && due.at <= now) return true;
      this.pop();
      if (due?.entered !== top.at) continue;
      due.entered = due.at;
      this.push({ key: top.key, at: due.at });
    }
    return false;
  }

  private arm(): void {
    const at = this.heap[0]?.at;
    if (at === undefined || (this.timer !== undefined && this.timer.at <= at)) return;
    this.timer?.timer.cancel();
    const run = (): void => {
      this.timer = undefined;
      if (this.isDue) this.onDue();
    };
    this.timer = { at, timer: this.clock.setTimer(run, Math.max(0, at - this.clock.monotonic()), { unref: true }) };
  }

  private push(entry: Entry): void {
    const { heap } = this;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if ((heap[parent] as Entry).at <= entry.at) break;
      heap[index] = heap[parent] as Entry;
      index = parent;
    }
    heap[index] = entry;
  }

  private pop(): Entry | undefined {
    const { heap } = this;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as Entry).at < (heap[child] as Entry).at) child += 1;
      if ((heap[child] as Entry).at >= last.at) break;
      heap[index] = heap[child] as Entry;
      index = child;
    }
    heap[index] = last;
    return top;
  }
}
