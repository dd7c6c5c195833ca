/** What is backed up: a registry's topic as its broker has it, or a registry whose topic can't be read, over REST. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Broker, ClientOptions } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { RegistryNodes } from '../rest/open-nodes.ts';
import { snapshotFromRegistry } from '../rest/snapshot-from-registry.ts';
import type { RecordSink } from '../snapshot/record-sink.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import { readTopicFacts } from '../topic/read-topic-facts.ts';
import { spoolTopic } from '../topic/spool-topic.ts';
import type { SnapshotFolder } from './snapshot-folder.ts';
import { SnapshotWriter } from './snapshot-writer.ts';

export interface TopicReading {
  /** What is read goes to their end at least; see {@link spoolTopic}. */
  readonly facts: TopicFacts;
  /** Not beyond their end. */
  readonly endsThere?: boolean;
  readonly from: number;
  /** Those of a snapshot that ends at `from`. */
  readonly before?: TopicFacts;
  readonly writer: RecordSink;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface TopicSource {
  readonly kind: 'topic';
  /** As it is now. */
  look(signal: AbortSignal): Promise<TopicFacts>;
  /** @returns the facts with what the log showed beside its records */
  read(reading: TopicReading, signal: AbortSignal): Promise<TopicFacts>;
}

export interface RestSource {
  readonly kind: 'rest';
  /** @param folder where it is kept; its owner removes it */
  read(folder: string, signal: AbortSignal): Promise<SnapshotFolder>;
}

export type BackupSource = TopicSource | RestSource;

/** The topic of a registry, which may be up or down. */
export function topicSource(options: {
  readonly broker: Pick<Broker, 'admin' | 'logReader'>;
  readonly client: ClientOptions;
  readonly topic: string;
  readonly groupId: string;
}): TopicSource {
  const { broker, client, topic, groupId } = options;
  return {
    kind: 'topic',
    look: async (signal) => {
      const admin = broker.admin(client);
      try {
        return await readTopicFacts({ admin, topic, groupId }, signal);
      } finally {
        await admin.close();
      }
    },
    read: ({ facts, endsThere = false, from, before, writer, onProgress }, signal) =>
      spoolTopic(
        {
          ...{ broker, client, facts, endsThere, from, writer },
          ...(before === undefined ? {} : { before }),
          ...(onProgress === undefined
            ? {}
            : { onProgress: ({ offset, endOffset }) => onProgress(offset - from, endOffset - from) }),
        },
        signal,
      ),
  };
}

/** What a live registry tells, for when its topic can't be read: records are made of it. Every node is a witness. */
export function restSource(options: {
  readonly nodes: RegistryNodes['nodes'];
  readonly clock: Clock;
  readonly onProgress?: (what: string, done: number, total: number | undefined) => void;
}): RestSource {
  const { nodes, clock, onProgress } = options;
  return {
    kind: 'rest',
    read: async (above, signal) => {
      const folder = join(above, 'told');
      await mkdir(folder);
      const writer = await SnapshotWriter.create({ folder: join(above, 'rest') });
      try {
        return await snapshotFromRegistry({
          ...{ nodes, clock, writer, folder, signal },
          onProgress: ({ node, what, done, total }) => onProgress?.(`Asking ${node} for ${what}`, done, total),
        });
      } catch (error) {
        await writer.abort();
        throw error;
      }
    },
  };
}
