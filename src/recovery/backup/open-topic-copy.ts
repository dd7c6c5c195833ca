/** Reads a copy of a registry's topic as the snapshot that was copied, with the source's offsets. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Broker, ClientOptions } from '../../broker/ports.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { readTopicFacts } from '../topic/read-topic-facts.ts';
import { spoolTopic } from '../topic/spool-topic.ts';
import { TARGET_FOREIGN } from './backup-errors.ts';
import type { SnapshotFolder } from './snapshot-folder.ts';
import { SnapshotWriter } from './snapshot-writer.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { factsOf, type TopicCopyFacts } from './topic-copy-facts.ts';
import { originalRecord } from './topic-copy-record.ts';

export interface TopicCopyPlace {
  readonly broker: Pick<Broker, 'admin' | 'logReader'>;
  readonly client: ClientOptions;
  readonly topic: string;
}

/**
 * What compaction took from the copy is not in it. `close` removes what was read.
 * @returns undefined where the topic is empty
 * @throws ConfigError `holdfast.recovery.target-foreign` for a topic that holds something else, `holdfast.recovery.topic-missing`
 */
export async function openTopicCopy(place: TopicCopyPlace, signal: AbortSignal): Promise<SnapshotFolder | undefined> {
  const { broker, client, topic } = place;
  const admin = broker.admin(client);
  const now = await readTopicFacts({ admin, topic, groupId: topic }, signal).finally(() => admin.close());
  if (now.partitions !== 1) throw foreign(topic, `it has ${now.partitions} partitions`);
  const folder = await temporaryFolder();
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const writer = await SnapshotWriter.create({ folder: join(folder, 'copy'), onClose: remove });
    const sink = new CopySink({ topic, writer });
    await spoolTopic({ broker, client, facts: now, writer: sink }, signal);
    const { facts } = sink;
    if (facts === undefined) {
      if (writer.records > 0) throw foreign(topic, 'it does not say what it is a copy of');
      await remove();
      return undefined;
    }
    const { source, takenAt, topic: origin, beginOffset, endOffset, notes } = facts;
    return await writer.finish({ source, takenAt, topic: origin, beginOffset, endOffset, notes });
  } catch (error) {
    await remove();
    throw error;
  }
}

class CopySink {
  /** Of the last record that has some. */
  facts: TopicCopyFacts | undefined;
  private readonly topic: string;
  private readonly writer: SnapshotWriter;

  constructor(options: { readonly topic: string; readonly writer: SnapshotWriter }) {
    this.topic = options.topic;
    this.writer = options.writer;
  }

  async append(records: readonly RawRecord[]): Promise<void> {
    const originals: RawRecord[] = [];
    let last = this.writer.lastOffset;
    for (const record of records) {
      const facts = factsOf(record);
      const original = facts === undefined ? originalRecord(record) : undefined;
      if (facts !== undefined) this.facts = facts;
      else if (original === undefined) {
        throw foreign(this.topic, `the record at its offset ${record.offset} was not written by a backup`);
      }
      // What a killed run had on its way may arrive when the next one has sent it again.
      if (original === undefined || original.offset <= last) continue;
      last = original.offset;
      originals.push(original);
    }
    if (originals.length > 0) await this.writer.append(originals);
  }
}

function foreign(topic: string, why: string): ConfigError {
  return new ConfigError(`The topic ${topic} is no copy of a schema registry's topic: ${why}. Name another topic.`, {
    code: TARGET_FOREIGN,
  });
}
