/** What may be wrong with the topic. */
import type { FindingKind } from './finding.ts';

export const TOPIC_KINDS = {
  'topic-not-compacted': {
    severity: 'error',
    what: 'cleanup.policy lacks compact.',
    vendors: { confluent: 'refuses to start', karapace: 'starts' },
    mend: 'Set cleanup.policy=compact: kafka-configs --alter --topic _schemas --add-config cleanup.policy=compact.',
  },
  'topic-deletes': {
    severity: 'error',
    what: 'cleanup.policy contains delete: schemas go for good when they are older than retention.ms.',
    mend: 'Set cleanup.policy=compact now, then compare with a backup.',
  },
  'several-partitions': {
    severity: 'error',
    what: 'More than one partition.',
    vendors: { confluent: 'refuses to start', karapace: 'reads them in no order that holds' },
    mend: 'While a node answers, holdfast schemas repair cannot-write; else repair corrupt-records --anew. What lies in other partitions is in no backup.',
  },
  'log-start-moved': {
    severity: 'warning',
    what: 'The log begins above offset 0: retention or somebody deleted records, which compaction alone never does.',
    mend: 'Compare with an older backup.',
  },
  'continuity-break': {
    severity: 'warning',
    what: 'A backup that is not what became of the one before at its place: of another source, or the topic has lost what that one has.',
    mend: 'Verify the one before, which the message names, beside this one; keep it until nobody needs it.',
  },
  'unreadable-batch': {
    severity: 'error',
    what: 'A batch whose checksum fails, or that contradicts itself.',
    vendors: { confluent: 'its reader stops there', karapace: 'its reader stops there' },
    mend: 'Let another replica lead the partition; if all have it: restore into a new topic.',
  },
  'transaction-marker-at-end': {
    severity: 'error',
    what: 'The last offset of the log is the marker of a transaction.',
    vendors: {
      confluent: 'a NOOP moves the end on',
      karapace: 'after a restart it is never ready: every write fails with 50003 while /_health answers 200',
    },
    mend: 'Write any record behind it, a NOOP for example: holdfast schemas restore PLACE --into in-place ends with one.',
  },
  'transactional-records': {
    severity: 'warning',
    what: 'Records were written in transactions: some tool, not a registry.',
    mend: 'Find out which tool; restore without transactions.',
  },
  'aborted-records': {
    severity: 'warning',
    what: 'Records of aborted transactions: registries read uncommitted and take them.',
    mend: 'Compare with a backup; leave them out with holdfast schemas repair corrupt-records --drop-offset OFFSET.',
  },
  'replication-factor-one': {
    severity: 'warning',
    what: 'One replica: one lost volume is the end of all ids.',
    mend: 'Raise it to 3: kafka-reassign-partitions. And take backups.',
  },
  'min-insync-replicas-one': {
    severity: 'warning',
    what: 'min.insync.replicas is 1: an acknowledged schema may be on one disk only.',
    mend: 'Set min.insync.replicas=2 on the topic.',
  },
  'min-insync-replicas-unreachable': {
    severity: 'error',
    what: 'min.insync.replicas is higher than there are replicas: nothing can be written.',
    mend: 'Lower min.insync.replicas, or add replicas.',
  },
  'unclean-leader-election': {
    severity: 'warning',
    what: 'unclean.leader.election.enable is true: an election may lose schemas that were acknowledged.',
    mend: 'Set unclean.leader.election.enable=false on the topic.',
  },
  'max-message-bytes-too-small': {
    severity: 'warning',
    what: "max.message.bytes is below the largest record: that schema can't be written again, deleted or restored.",
    mend: 'Raise max.message.bytes of the topic.',
  },
  'registry-group': {
    severity: 'note',
    what: "State of the group in which the registry's nodes elect: members mean that it runs.",
    mend: 'Nothing to do.',
  },
} as const satisfies Readonly<Record<string, FindingKind>>;
