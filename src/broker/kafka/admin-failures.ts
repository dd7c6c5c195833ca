import { ConfigError, NotFoundError } from '../../sdk/errors/index.ts';
import { GROUP_NOT_EMPTY, TOPIC_INVALID, TOPIC_UNKNOWN } from '../broker-errors.ts';
import { errorForCode, REQUEST_REFUSED, unavailable } from './kafka-errors.ts';
import { ErrorCode, isStaleMetadata } from './protocol/error-code.ts';

/** Answers for a topic that does not exist, or could not. */
export const absent = new Set<number>([ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.INVALID_TOPIC_EXCEPTION]);
/** Answers for a group that does not exist. */
export const gone = new Set<number>([ErrorCode.GROUP_ID_NOT_FOUND]);
/** Answers to a change of the offsets of a group that is in use. */
export const hasMembers = new Set<number>([
  ErrorCode.NON_EMPTY_GROUP,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.REBALANCE_IN_PROGRESS,
  ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC,
]);

export function notEmpty(groupId: string): ConfigError {
  return new ConfigError(`Group '${groupId}' has members. Stop them, then change or delete its offsets.`, {
    code: GROUP_NOT_EMPTY,
  });
}

/** What a broker lists; throws for its error code. */
export function groupsOf<Group>(answer: {
  readonly errorCode: number;
  readonly groups: readonly Group[];
}): readonly Group[] {
  if (answer.errorCode === ErrorCode.NONE) return answer.groups;
  throw errorForCode(answer.errorCode, 'list the groups of the cluster');
}

/** The error for an error code about a topic; `what` goes on from "Kafka could not ". */
export function topicFailure(code: number, what: string, brokerMessage?: string | null): Error {
  const reason = brokerMessage ? `: ${brokerMessage}` : '';
  if (code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
    return new NotFoundError(`Kafka could not ${what}: there is no such topic or partition${reason}.`, {
      code: TOPIC_UNKNOWN,
    });
  }
  // Of a cluster that has just started, or whose brokers were silent for a while: they are let in again.
  if (code === ErrorCode.INVALID_REPLICATION_FACTOR && brokerMessage?.includes('currently fenced') === true) {
    return unavailable(`Kafka could not ${what} just now${reason}.`);
  }
  if (invalidTopic.has(code)) {
    return new ConfigError(`Kafka could not ${what}: its name or a setting is not allowed${reason}.`, {
      code: TOPIC_INVALID,
    });
  }
  if (code === ErrorCode.OFFSET_OUT_OF_RANGE) {
    return new ConfigError(`Kafka could not ${what}: the offset lies beyond the end of the log.`, {
      code: TOPIC_INVALID,
    });
  }
  if (code === ErrorCode.TOPIC_DELETION_DISABLED) {
    return new ConfigError(
      `Kafka could not ${what}: its brokers have delete.topic.enable=false. Set it to true for as long as that takes, or have the topic deleted by whoever may.`,
      { code: REQUEST_REFUSED },
    );
  }
  // Stale metadata and all else that passes becomes an EnvironmentError.
  return isStaleMetadata(code)
    ? unavailable(`Kafka could not ${what} just now${reason}.`)
    : errorForCode(code, what, brokerMessage);
}

const invalidTopic = new Set<number>([
  ErrorCode.INVALID_TOPIC_EXCEPTION,
  ErrorCode.INVALID_PARTITIONS,
  ErrorCode.INVALID_REPLICATION_FACTOR,
  ErrorCode.INVALID_REPLICA_ASSIGNMENT,
  ErrorCode.INVALID_CONFIG,
  ErrorCode.INVALID_REQUEST,
  ErrorCode.POLICY_VIOLATION,
]);
