import { defineErrorCode } from '../sdk/errors/index.ts';

/*
 * The codes that callers of the broker ports may match on, whichever implementation raised them. Codes that only one
 * implementation knows are defined beside it.
 */

/** A `send` after `close`. Carried by an IllegalStateError. */
export const PRODUCER_CLOSED = defineErrorCode('holdfast.broker.producer.closed', {
  what: 'Records were given to a producer that is closed, or was closed before they were acknowledged.',
  mend: 'Nothing if the worker is stopping: the records are sent again after the next start. Otherwise report it.',
});

/** `Producer.recall` took them back. Carried by an EnvironmentError. */
export const PRODUCER_RECALLED = defineErrorCode('holdfast.broker.producer.recalled', {
  what: 'Records that waited for the broker were taken back before any of them was sent, to be serialized again.',
  mend: 'Nothing: the task serializes them again and sends them.',
});

/** `delivery.timeout.ms` ran out. Carried by an EnvironmentError. */
export const DELIVERY_TIMEOUT = defineErrorCode('holdfast.broker.delivery.timeout', {
  what: 'The broker did not acknowledge records within delivery.timeout.ms.',
  mend: 'Bring the broker back, or leave delivery.timeout.ms unset so that records wait for it.',
});

/** Carried by an EnvironmentError. */
export const BROKER_UNAVAILABLE = defineErrorCode('holdfast.broker.unavailable', {
  what: 'The broker can not be reached, or can not do what it was asked for just now.',
  mend: 'Bring back what the message names (a broker, the network, space on a disk). The task waits for it.',
});

/** Carried by a DataError, in `RejectedRecord`. */
export const RECORD_TOO_LARGE = defineErrorCode('holdfast.broker.record.too.large', {
  what: 'A record is larger than its topic (max.message.bytes) or its producer (max.request.size) takes.',
  mend: 'Raise the setting that the message names, or keep such records out with errors.tolerance=all and a dead letter queue.',
});

/** Carried by a DataError, in `RejectedRecord`. */
export const RECORD_INVALID = defineErrorCode('holdfast.broker.record.invalid', {
  what: 'The broker never takes a record of this kind: no key in a compacted topic, a bad timestamp, a partition that does not exist.',
  mend: 'Correct the record at its source or in a transformation; the message says what is wrong with it.',
});

/** Carried by a DataError from `Fetcher.poll`. */
export const BATCH_CORRUPT = defineErrorCode('holdfast.broker.batch.corrupt', {
  what: 'A batch read from a topic does not fit its checksum, or contradicts itself.',
  mend: 'Check the disk and the network. To go on behind the batch, set the offset of the group or connector above it.',
});

/** Carried by a ConfigError from `Fetcher.poll`. */
export const OFFSET_OUT_OF_RANGE = defineErrorCode('holdfast.broker.offset.out.of.range', {
  what: 'The offset to read from is no longer, or not yet, in the topic, and auto.offset.reset=none forbids to choose another.',
  mend: 'Set an offset that exists for the group, or auto.offset.reset to earliest or latest.',
});

/** Carried by a RetriableError from `GroupMember.commit`. */
export const GROUP_REBALANCED = defineErrorCode('holdfast.broker.group.rebalanced', {
  what: 'Offsets were committed by a member whose generation of the group is over. Nothing was committed.',
  mend: 'Nothing: whoever holds the partitions now reads those records again. If it comes often, process fewer records at a time.',
});

/** Carried by a ConfigError from `Admin`. */
export const GROUP_NOT_EMPTY = defineErrorCode('holdfast.broker.group.not.empty', {
  what: 'Offsets of a group were to be changed, or the group deleted, while it has members.',
  mend: 'Stop the connector or the consumers of the group, then try again.',
});

/** Carried by a ConfigError through `GroupListener.onFailed`. */
export const GROUP_FENCED = defineErrorCode('holdfast.broker.group.fenced', {
  what: 'Another member joined the group with the same group.instance.id.',
  mend: 'Give every member of a group its own group.instance.id.',
});

/** Carried by a ConfigError, or by a DataError where a record named the topic. */
export const TOPIC_INVALID = defineErrorCode('holdfast.broker.topic.invalid', {
  what: 'A topic has a name, a number of partitions or a setting that is not allowed.',
  mend: "Names are 1 to 249 characters of letters, digits, '.', '_' and '-', other than '.' and '..'; settings are Kafka's.",
});

/** Carried by a NotFoundError. */
export const TOPIC_UNKNOWN = defineErrorCode('holdfast.broker.topic.unknown', {
  what: 'A topic or partition does not exist.',
  mend: 'Create the topic, or correct its name.',
});
