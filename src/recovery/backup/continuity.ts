/** Whether what a target holds can be gone on with, or the topic is another one than it was. */
import { isDeepStrictEqual } from 'node:util';
import type { RawRecord } from '../records/raw-record.ts';
import { recordDigest } from '../records/record-digest.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import type { TopicSource } from './backup-source.ts';

/** Offsets at the end of what is held whose records are read again and compared. */
const COMPARED_OFFSETS = 64;
/** Further back there is no looking: a digest of each is in memory. */
const MOST_COMPARED = 250_000;

export type Continuity =
  /** Nothing is new, the topic's settings included. */
  | { readonly kind: 'unchanged'; readonly warning: string | undefined }
  | { readonly kind: 'continues'; readonly from: number; readonly warning: string | undefined }
  /** `isDamage`: not the topic differs, but what is held can't be read. */
  | { readonly kind: 'broken'; readonly why: string; readonly isDamage?: true };

interface Compared {
  readonly held: Snapshot;
  readonly now: TopicFacts;
  readonly source: TopicSource;
  /** What is held is compacted by itself: it may lack what the topic still has. */
  readonly isCompacted: boolean;
}

/** @throws DataError `holdfast.recovery.backup-damaged` of what is held; what reading the topic throws */
export async function continuityOf(
  { held, now, source, isCompacted }: Compared,
  signal: AbortSignal,
): Promise<Continuity> {
  const before = held.facts.topic;
  if (held.facts.source !== 'topic' || before === undefined) {
    return { kind: 'broken', why: 'the backup before was not made from a topic' };
  }
  const { endOffset } = held.facts;
  const why =
    differenceOf(before, now, endOffset) ?? (await differentRecord({ held, now, source, isCompacted }, signal));
  if (why !== undefined) return { kind: 'broken', why };
  if (now.endOffset === endOffset && isDeepStrictEqual(settingsOf(before), settingsOf(now))) {
    return { kind: 'unchanged', warning: await lossOf(held, now) };
  }
  const isGap = now.beginOffset > endOffset;
  return {
    kind: 'continues',
    from: isGap ? now.beginOffset : endOffset,
    warning: isGap
      ? `The topic begins at offset ${now.beginOffset}, but the backup before ended at ${endOffset}: what lay between is in no ` +
        'backup. Back up more often than the topic is cleaned, and see why it is cleaned by time or size.'
      : await lossOf(held, now),
  };
}

/** Each time, for as long as it is so: what stands in no log any more is easily taken for mended. */
async function lossOf(held: Snapshot, now: TopicFacts): Promise<string | undefined> {
  if (now.beginOffset <= held.facts.beginOffset) return undefined;
  for await (const [first] of held.records()) {
    if (first === undefined || first.offset >= now.beginOffset) return undefined;
    return (
      `The topic has lost the records before offset ${now.beginOffset}; the backup has them from ${first.offset} on. Registries that ` +
      'start now lack those schemas. See what removed them (retention, or records deleted by hand), and compare with `schemas verify`.'
    );
  }
  return undefined;
}

/** Whatever was set for the topic: a broker's default may have changed. */
export function policyRisk({ topic, effective }: TopicFacts): string | undefined {
  const policy = effective['cleanup.policy'];
  if (policy === undefined || policy === 'compact') return undefined;
  return (
    `The cleanup.policy of ${topic} is ${policy}, and retention.ms is ${effective['retention.ms'] ?? 'not known'}: Kafka removes schemas ` +
    'for good once they are older. Set cleanup.policy=compact for the topic.'
  );
}

function differenceOf(before: TopicFacts, now: TopicFacts, endOffset: number): string | undefined {
  const differs = (one: string | null, other: string | null): boolean =>
    one !== null && other !== null && one !== other;
  if (before.topic !== now.topic) return `the backup before is of the topic ${before.topic}, not of ${now.topic}`;
  if (differs(before.clusterId, now.clusterId)) {
    return `the topic is another cluster's: cluster id ${now.clusterId}, before ${before.clusterId}`;
  }
  if (differs(before.topicId, now.topicId)) {
    return `the topic was made anew: topic id ${now.topicId}, before ${before.topicId}`;
  }
  if (now.endOffset < endOffset) {
    return `the topic was cut or made anew: it ends at offset ${now.endOffset}, before at ${endOffset}`;
  }
  return undefined;
}

/** A topic without an id that was made anew and has grown past the old end shows only so; one that lost its tail and grew again, too. */
async function differentRecord(
  { held, now, source, isCompacted }: Compared,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { endOffset } = held.facts;
  const lowest = Math.max(now.beginOffset, held.facts.beginOffset);
  // Where compaction left nothing to compare, further back.
  for (let width = COMPARED_OFFSETS; ; width *= 16) {
    const from = Math.max(endOffset - width, lowest);
    if (from >= endOffset) return undefined;
    const { different, compared } = await comparedFrom(from, { held, now, source, isCompacted }, signal);
    if (different !== undefined) {
      return `the topic was made anew or lost its end: at offset ${different} is another record than before`;
    }
    if (compared > 0 || from === lowest || width > MOST_COMPARED) return undefined;
  }
}

async function comparedFrom(
  from: number,
  { held, now, source, isCompacted }: Compared,
  signal: AbortSignal,
): Promise<{ readonly different: number | undefined; readonly compared: number }> {
  const { endOffset } = held.facts;
  const known = new Map<number, string>();
  for await (const batch of held.records(from)) {
    for (const record of batch) known.set(record.offset, recordDigest(record).toString('latin1'));
  }
  let different: number | undefined;
  let compared = 0;
  const append = (records: readonly RawRecord[]): Promise<void> => {
    compared += records.length;
    for (const record of records) {
      const other = known.get(record.offset);
      // One that we don't have can't have come by itself: offsets are given out once.
      const isOther = other === undefined ? !isCompacted : other !== recordDigest(record).toString('latin1');
      if (isOther) different ??= record.offset;
    }
    return Promise.resolve();
  };
  await source.read({ facts: { ...now, endOffset }, endsThere: true, from, writer: { append } }, signal);
  return { different, compared };
}

/** What a restore would make the topic with. */
function settingsOf({ overrides, effective, acls, partitions, replicationFactor, topicId }: TopicFacts): unknown {
  const removal = ['cleanup.policy', 'retention.ms', 'retention.bytes'].map((key) => effective[key] ?? null);
  return { overrides, removal, acls, partitions, replicationFactor, topicId };
}
