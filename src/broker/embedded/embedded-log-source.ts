import { NotFoundError } from '../../sdk/errors/index.ts';
import { TOPIC_UNKNOWN } from '../broker-errors.ts';
import type { LogAnswer, LogSource } from '../passing-log-reader.ts';
import type { TopicPartition } from '../ports.ts';
import { CorruptBatchError, UnsupportedBatchError } from '../record-batch/record-batch-error.ts';
import type { ClientTopic } from './client-topic.ts';

/** Bytes of the logs of an embedded broker, this thread's or another's. */
export class EmbeddedLogSource implements LogSource {
  private readonly topic: (name: string) => ClientTopic | undefined;

  constructor(dependencies: { readonly topic: (name: string) => ClientTopic | undefined }) {
    this.topic = dependencies.topic;
  }

  async fetch(place: TopicPartition & { readonly offset: number }, maxBytes: number): Promise<LogAnswer> {
    const { topic, partition, offset } = place;
    const log = this.topic(topic)?.logs[partition];
    if (log === undefined) {
      throw new NotFoundError(`There is no partition ${partition} of topic '${topic}' in the embedded broker.`, {
        code: TOPIC_UNKNOWN,
      });
    }
    await log.refresh?.();
    const { startOffset, endOffset } = log;
    if (offset < startOffset || offset >= endOffset) return { kind: 'outside', startOffset, endOffset };
    try {
      const read = await log.read(offset, maxBytes, null);
      if (read === 'moved') return { kind: 'outside', startOffset: log.startOffset, endOffset: log.endOffset };
      return read === null ? { kind: 'nothing' } : { kind: 'bytes', bytes: read.bytes, logEnd: log.endOffset };
    } catch (error) {
      if (!(error instanceof CorruptBatchError || error instanceof UnsupportedBatchError)) throw error;
      return { kind: 'refused', reason: error.message };
    }
  }

  async close(): Promise<void> {}
}
