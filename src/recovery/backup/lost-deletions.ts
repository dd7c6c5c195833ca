/**
 * Deletions that an increment would miss: a key was tombstoned after the backup before, and compaction took the tombstone before it was ever
 * read. The backup still has the key's last record, and a restore would raise it from the dead.
 *
 * Each offset is given out once, so a tombstone that is gone has left a gap behind the end of what is held. Where there is none, nothing was
 * missed. Where there is one, the topic's keys are read again: one that is held alive, and of which the topic has no record any more, was
 * deleted. A tombstone of ours takes one of the offsets that are free.
 */
import { agreeing, counted } from '../../foundation/counted.ts';
import type { RawRecord } from '../records/raw-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { TopicFacts, UnreadableRange } from '../snapshot/topic-facts.ts';
import type { KeySet } from './key-set.ts';

/** Marks a tombstone that is no record of the topic. */
export const MADE_HEADER = 'holdfast-schemas-made';

export interface KeysNow {
  /** Of every record that the topic has. */
  readonly keys: KeySet;
  /** With what the whole log showed. */
  readonly facts: TopicFacts;
}

export interface LostDeletions {
  /** In the order of their offsets, which no record of the increment has. */
  readonly tombstones: readonly RawRecord[];
  readonly warning: string | undefined;
}

interface Alive {
  readonly key: Uint8Array;
  readonly offset: number;
}

const NONE: LostDeletions = { tombstones: [], warning: undefined };

/**
 * @param input.added what the topic has from `from` on
 * @param input.keysNow called only where there is a gap: it reads the whole topic
 * @returns undefined where the topic can't have become what it is from what is held
 */
export async function lostDeletions(
  input: {
    readonly held: Snapshot;
    readonly added: Snapshot;
    readonly from: number;
    readonly keysNow: () => Promise<KeysNow>;
  },
  signal: AbortSignal,
): Promise<LostDeletions | undefined> {
  const { held, added, from, keysNow } = input;
  if (!(await hasGap(added, from, signal))) return NONE;
  const { keys, facts } = await keysNow();
  const dead: Alive[] = [];
  let unsure = 0;
  const isHidden = facts.unreadable.some(({ to }) => to > from);
  for (const alive of (await aliveButGone(held, keys, signal)).values()) {
    const isLost = alive.offset < facts.beginOffset || isHidden || isWithin(facts.unreadable, alive.offset);
    if (isLost) unsure++;
    else dead.push(alive);
  }
  const offsets = await freeOffsets(added, { from, most: dead.length }, signal);
  if (offsets.length < dead.length) return undefined;
  const value = Buffer.from('a tombstone that compaction took');
  const tombstones = dead.map(({ key }, index): RawRecord => {
    const offset = offsets[index] as number;
    const headers = [{ key: MADE_HEADER, value }];
    return { offset, timestamp: -1, timestampType: 'CreateTime', key, value: null, headers };
  });
  return { tombstones, warning: warningOf(dead.length, unsure) };
}

/** The records, with the tombstones where they belong. */
export async function* withTombstones(
  records: AsyncIterable<readonly RawRecord[]>,
  tombstones: readonly RawRecord[],
): AsyncGenerator<readonly RawRecord[]> {
  let next = 0;
  for await (const batch of records) {
    const last = batch.at(-1)?.offset ?? -1;
    const begin = next;
    while (next < tombstones.length && (tombstones[next] as RawRecord).offset < last) next++;
    if (next === begin) yield batch;
    else yield [...batch, ...tombstones.slice(begin, next)].sort((one, other) => one.offset - other.offset);
  }
  if (next < tombstones.length) yield tombstones.slice(next);
}

/** False: every offset from there to the end is a record's, a marker's, or of what can't be read. */
async function hasGap(added: Snapshot, from: number, signal: AbortSignal): Promise<boolean> {
  const { endOffset, topic } = added.facts;
  let known = 0;
  for await (const batch of added.records(from)) {
    signal.throwIfAborted();
    known += batch.length;
  }
  for (const offset of topic?.controlOffsets ?? []) if (offset >= from && offset < endOffset) known++;
  for (const range of topic?.unreadable ?? []) {
    known += Math.max(0, Math.min(range.to, endOffset) - Math.max(range.from, from));
  }
  return known < endOffset - from;
}

/** Keys whose last record is no tombstone, and that the topic does not have; in the order of these records. */
async function aliveButGone(held: Snapshot, keys: KeySet, signal: AbortSignal): Promise<ReadonlyMap<string, Alive>> {
  const alive = new Map<string, Alive>();
  for await (const batch of held.records()) {
    signal.throwIfAborted();
    for (const { key, value, offset } of batch) {
      if (key === null || keys.has(key)) continue;
      const name = Buffer.from(key).toString('latin1');
      alive.delete(name);
      if (value !== null) alive.set(name, { key: Uint8Array.from(key), offset });
    }
  }
  return alive;
}

async function freeOffsets(
  added: Snapshot,
  { from, most }: { readonly from: number; readonly most: number },
  signal: AbortSignal,
): Promise<readonly number[]> {
  const { endOffset, topic } = added.facts;
  const taken = new Set(topic?.controlOffsets ?? []);
  const free: number[] = [];
  let next = from;
  const passTo = (end: number): void => {
    for (; next < end && free.length < most; next++) {
      if (!taken.has(next) && !isWithin(topic?.unreadable ?? [], next)) free.push(next);
    }
    next = end;
  };
  for await (const batch of added.records(from)) {
    signal.throwIfAborted();
    if (free.length >= most) break;
    for (const { offset } of batch) {
      passTo(offset);
      next = offset + 1;
    }
  }
  passTo(endOffset);
  return free;
}

function isWithin(ranges: readonly UnreadableRange[], offset: number): boolean {
  return ranges.some(({ from, to }) => offset >= from && offset < to);
}

function warningOf(dead: number, unsure: number): string | undefined {
  const made =
    dead === 0
      ? []
      : [
          `${counted(dead, 'key')} ${agreeing(dead, 'was', 'were')} deleted since the backup before, and compaction took the tombstones before they were read: ` +
            `tombstones with the header ${MADE_HEADER} stand for them. Back up more often than delete.retention.ms.`,
        ];
  const kept =
    unsure === 0
      ? []
      : [
          `${counted(unsure, 'key')} ${agreeing(unsure, 'is', 'are')} gone from the topic, and whether ${agreeing(unsure, 'it was', 'they were')} deleted, or lost by retention or damage, it does not tell: ` +
            'they are kept. With --full only what the topic has today is backed up.',
        ];
  return dead + unsure === 0 ? undefined : [...made, ...kept].join(' ');
}
