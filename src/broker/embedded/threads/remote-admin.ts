/** An admin client of an embedded log that another thread owns. */
import { IllegalStateError } from '../../../sdk/errors/index.ts';
import type { Admin } from '../../ports.ts';
import type { AskOwner } from './remote-topics.ts';

export function remoteAdmin(ask: AskOwner, onClose: (admin: Admin) => void): Admin {
  let closed = false;
  const call = (method: keyof Admin, args: readonly unknown[], signal: AbortSignal | undefined): Promise<never> => {
    if (closed) return Promise.reject(new IllegalStateError('The admin client is closed.'));
    return ask({ type: 'admin', method, args }, signal) as Promise<never>;
  };
  const admin: Admin = {
    describeCluster: (signal) => call('describeCluster', [], signal),
    listTopics: (signal) => call('listTopics', [], signal),
    describeTopics: (names, signal) => call('describeTopics', [names], signal),
    createTopics: (topics, signal) => call('createTopics', [topics], signal),
    deleteTopics: (names, signal) => call('deleteTopics', [names], signal),
    inspectTopic: (name, signal) => call('inspectTopic', [name], signal),
    topicAcls: (name, signal) => call('topicAcls', [name], signal),
    createTopicAcls: (acls, signal) => call('createTopicAcls', [acls], signal),
    describeTopicConfigs: (names, signal) => call('describeTopicConfigs', [names], signal),
    alterTopicConfigs: (topic, changes, signal) => call('alterTopicConfigs', [topic, changes], signal),
    listOffsets: (queries, signal) => call('listOffsets', [queries], signal),
    groupOffsets: (groupId, signal) => call('groupOffsets', [groupId], signal),
    alterGroupOffsets: (groupId, offsets, signal) => call('alterGroupOffsets', [groupId, offsets], signal),
    deleteGroupOffsets: (groupId, partitions, signal) => call('deleteGroupOffsets', [groupId, partitions], signal),
    deleteGroup: (groupId, signal) => call('deleteGroup', [groupId], signal),
    describeGroups: (groupIds, signal) => call('describeGroups', [groupIds], signal),
    listGroups: (signal) => call('listGroups', [], signal),
    deleteRecords: (offsets, signal) => call('deleteRecords', [offsets], signal),
    close: async () => {
      closed = true;
      onClose(admin);
    },
  };
  return admin;
}
