import type { TopicReading, TopicSource } from '../../../src/recovery/backup/backup-source.ts';
import type { RawRecord } from '../../../src/recovery/records/raw-record.ts';
import type { TopicFacts } from '../../../src/recovery/snapshot/topic-facts.ts';
import { topicFacts } from './memory-snapshot.ts';
import { asLog, confluent, type WrittenRecord } from './record-bytes.ts';

/** A topic that the test writes; counts what is read of it. */
export class ScriptedTopic implements TopicSource {
  readonly kind = 'topic';
  log: RawRecord[] = [];
  facts: Partial<TopicFacts> = { topicId: 'one', clusterId: 'here' };
  offsetsRead: number[] = [];

  grow(count: number, prefix = 's'): void {
    const written = Array.from({ length: count }, (_, index) => {
      const id = this.log.length + index + 1;
      return confluent.schema({ subject: `${prefix}${id}`, version: 1, id, schema: '"string"' });
    });
    this.write(...written);
  }

  write(...written: readonly WrittenRecord[]): void {
    this.log.push(...asLog(written, (this.log.at(-1)?.offset ?? -1) + 1));
  }

  look(): Promise<TopicFacts> {
    const endOffset = (this.log.at(-1)?.offset ?? -1) + 1;
    return Promise.resolve(topicFacts({ beginOffset: this.log[0]?.offset ?? endOffset, endOffset, ...this.facts }));
  }

  async read({ facts, endsThere, from, writer }: TopicReading): Promise<TopicFacts> {
    const endOffset = endsThere === true ? facts.endOffset : (await this.look()).endOffset;
    const wanted = this.log.filter(({ offset }) => offset >= from && offset < endOffset);
    this.offsetsRead.push(...wanted.map(({ offset }) => offset));
    await writer.append(wanted);
    return { ...facts, endOffset };
  }
}
