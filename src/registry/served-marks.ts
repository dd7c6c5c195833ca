/** With which settings registries served, as the schema store has it: one entry per node and kind of settings, all under one salt. */
import { randomBytes } from 'node:crypto';
import type { BoundedEntries } from './bounded-entries.ts';
import { asServed, isServedKey, type StoredServed, servedKey } from './stored-entries.ts';

export interface ServedMarksOptions {
  readonly entries: BoundedEntries;
  readonly put: (key: string, value: object) => void;
  readonly remove: (key: string) => void;
}

/** Settings, at each of their nodes, with which a registry served; the oldest are forgotten. */
const MAX_SERVED = 1000;

export class ServedMarks {
  private readonly options: ServedMarksOptions;
  /** Until an entry has one. */
  private readonly ownSalt = randomBytes(16).toString('hex');

  constructor(options: ServedMarksOptions) {
    this.options = options;
  }

  /** The settings of this kind with which a registry served at this node last. */
  at(node: string, open: string): StoredServed | undefined {
    return asServed(this.options.entries.get(servedKey(node, open)));
  }

  /**
   * For all that {@link remember} is told. Workers that fill an empty store at the same time may bring more than one: the smallest stays, for all
   * of them. Walks all keys: not per record.
   */
  salt(): string {
    let smallest: string | undefined;
    for (const key of this.keys()) {
      const salt = asServed(this.options.entries.get(key))?.salt;
      if (salt !== undefined && (smallest === undefined || salt < smallest)) smallest = salt;
    }
    return smallest ?? this.ownSalt;
  }

  /** Walks all keys: not per record. */
  remember(served: StoredServed): void {
    const { put, remove } = this.options;
    put(servedKey(served.node, served.open), served);
    for (const key of this.keys().slice(0, -MAX_SERVED)) remove(key);
  }

  private keys(): string[] {
    return [...this.options.entries.keys()].filter(isServedKey);
  }
}
