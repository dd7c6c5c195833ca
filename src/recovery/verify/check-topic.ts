/** Looks at what is known of the topic itself. */
import { agreeing, counted } from '../../foundation/counted.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import type { FindingBook } from './finding-book.ts';

const SHOWN = 5;

export function checkTopic(topic: TopicFacts, book: FindingBook): void {
  checkCleanup(topic, book);
  checkReplicas(topic, book);
  const { partitions, otherPartitions, beginOffset, endOffset, group } = topic;
  if (partitions > 1) {
    const held = otherPartitions.filter((each) => each.endOffset > each.beginOffset);
    const lost =
      held.length === 0 ? 'the others are empty' : `partitions ${list(held.map((p) => p.partition))} hold records`;
    book.add('several-partitions', {}, `Topic ${topic.topic} has ${partitions} partitions; ${lost}.`);
  }
  if (beginOffset > 0) {
    book.add(
      'log-start-moved',
      {},
      `The log of ${topic.topic} begins at offset ${beginOffset}: what was before is gone.`,
    );
  }
  for (const { from, to, reason } of topic.unreadable) {
    book.add('unreadable-batch', { offsets: [from] }, `Offsets ${from} to ${to - 1} can't be read: ${reason}.`);
  }
  if (endOffset > beginOffset && topic.controlOffsets.includes(endOffset - 1)) {
    const offsets = [endOffset - 1];
    book.add('transaction-marker-at-end', { offsets }, `The log ends with a transaction marker at ${endOffset - 1}.`);
  }
  if (topic.transactionalOffsets.length > 0) {
    const offsets = topic.transactionalOffsets.slice(0, SHOWN);
    const message = `${counted(topic.transactionalOffsets.length, 'record')} ${agreeing(topic.transactionalOffsets.length, 'was', 'were')} written in transactions, at ${list(topic.transactionalOffsets)}.`;
    book.add('transactional-records', { offsets }, message);
  }
  if (topic.abortedOffsets.length > 0) {
    const offsets = topic.abortedOffsets.slice(0, SHOWN);
    book.add(
      'aborted-records',
      { offsets },
      `Transactions were aborted, but registries read them: ${list(topic.abortedOffsets)}.`,
    );
  }
  const members = `${group.members} member${group.members === 1 ? '' : 's'}`;
  book.add('registry-group', {}, `Group ${group.groupId} is ${group.state}, with ${members}.`);
}

function checkCleanup({ topic, effective, overrides }: TopicFacts, book: FindingBook): void {
  const policy = effective['cleanup.policy'] ?? overrides['cleanup.policy'];
  // The broker doesn't let us ask.
  if (policy === undefined) return;
  const policies = policy.split(',').map((each) => each.trim());
  if (!policies.includes('compact')) {
    book.add('topic-not-compacted', {}, `Topic ${topic} has cleanup.policy=${policy}.`);
  }
  if (policies.includes('delete')) {
    const retention = effective['retention.ms'];
    const after = retention === undefined ? 'retention.ms' : `${retention} ms`;
    book.add('topic-deletes', {}, `Topic ${topic} has cleanup.policy=${policy}: records go after ${after}.`);
  }
}

function checkReplicas({ topic, effective, replicationFactor }: TopicFacts, book: FindingBook): void {
  const inSync = Number(effective['min.insync.replicas'] ?? Number.NaN);
  if (replicationFactor === 1) book.add('replication-factor-one', {}, `Topic ${topic} has one replica.`);
  else if (inSync === 1) {
    book.add(
      'min-insync-replicas-one',
      {},
      `Topic ${topic} has ${replicationFactor} replicas and min.insync.replicas=1.`,
    );
  }
  if (replicationFactor > 0 && inSync > replicationFactor) {
    const message = `Topic ${topic} has min.insync.replicas=${inSync}, but replicas: ${replicationFactor}.`;
    book.add('min-insync-replicas-unreachable', {}, message);
  }
  if (effective['unclean.leader.election.enable'] === 'true') {
    book.add('unclean-leader-election', {}, `Topic ${topic} has unclean.leader.election.enable=true.`);
  }
}

function list(offsets: readonly number[]): string {
  const shown = offsets.slice(0, SHOWN).join(', ');
  return offsets.length > SHOWN ? `${shown} and ${offsets.length - SHOWN} more` : shown;
}
