import { expect, it } from 'vitest';
import { groupsOf, topicFailure } from '../../../../src/broker/kafka/admin-failures.ts';
import { ErrorCode } from '../../../../src/broker/kafka/protocol/error-code.ts';
import { listGroups } from '../../../../src/broker/kafka/protocol/group-admin.ts';
import { WireReader } from '../../../../src/broker/kafka/protocol/wire.ts';
import { ConfigError, EnvironmentError } from '../../../../src/sdk/errors/index.ts';

it('waits for brokers that the controller has fenced, and not for those that there are too few of', () => {
  const unable = 'Unable to replicate the partition';
  const fenced = topicFailure(
    ErrorCode.INVALID_REPLICATION_FACTOR,
    "create topic 't'",
    `${unable} 1 time(s): All brokers are currently fenced.`,
  );
  expect(fenced).toBeInstanceOf(EnvironmentError);
  const few = topicFailure(
    ErrorCode.INVALID_REPLICATION_FACTOR,
    "create topic 't'",
    `${unable} 3 time(s): The target replication factor of 3 cannot be reached because only 1 broker(s) are registered.`,
  );
  expect(few).toBeInstanceOf(ConfigError);
  expect(few.message).toContain('only 1 broker(s) are registered');
});

it('does not wait for a cluster that deletes no topics, or has no authorizer', () => {
  for (const code of [ErrorCode.TOPIC_DELETION_DISABLED, ErrorCode.SECURITY_DISABLED]) {
    expect(topicFailure(code, "delete topic 't'")).toBeInstanceOf(ConfigError);
  }
});

it('says how a topic gets deleted where brokers delete none', () => {
  expect(topicFailure(ErrorCode.TOPIC_DELETION_DISABLED, "delete topic 't'").message).toContain(
    'delete.topic.enable=false',
  );
});

it('reads the groups that a broker lists, and does not take a refusal for none', () => {
  const bytes = Buffer.from('00000000' + '0000' + '00000001' + '000167' + '00027372', 'hex');
  const answer = listGroups.decode(new WireReader(bytes), 2);
  expect(groupsOf(answer)).toEqual([{ groupId: 'g', protocolType: 'sr' }]);
  expect(groupsOf(listGroups.decode(new WireReader(bytes.subarray(4)), 0))).toEqual(answer.groups);
  const refused = { errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED, groups: [] };
  expect(() => groupsOf(refused)).toThrow(ConfigError);
});
