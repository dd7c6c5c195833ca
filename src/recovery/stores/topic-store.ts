/** The schema store of workers that keep it in a topic (`schema.store.topic`), read without being changed or made. */
import type { Broker, ClientSettings, FetchedRecord } from '../../broker/ports.ts';
import type { Logger } from '../../foundation/logger.ts';
import { ConfigError } from '../../sdk/errors/index.ts';
import type { StoreSource } from './store-contents.ts';
import { STORES_TOPIC_MISSING } from './stores-errors.ts';

const POLL = { maxRecords: 5000, timeoutMs: 1000 };

/** Up to the end that the topic has when `load` is called. */
export function topicStore(options: {
  readonly broker: Broker;
  readonly settings: ClientSettings;
  readonly logger: Logger;
  readonly topic: string;
  readonly name: string;
}): StoreSource {
  const { broker, settings, logger, topic, name } = options;
  return {
    name,
    load: async (signal) => {
      const end = await endOf(options, signal);
      const place = { topic, partition: 0 };
      const living = new Map<string, string>();
      const fetcher = broker.fetcher({ settings: { ...settings, 'auto.offset.reset': 'earliest' }, logger });
      try {
        fetcher.add([{ ...place, offset: 'earliest' }]);
        while ((fetcher.position(place) ?? 0) < end) {
          for (const { records } of await fetcher.poll({ ...POLL, signal })) {
            for (const record of records) take(living, record);
          }
          signal.throwIfAborted();
        }
      } finally {
        await fetcher.close();
      }
      return { entries: [...living].map(([key, value]) => ({ key, value })), damaged: 0 };
    },
  };
}

async function endOf(
  { broker, settings, logger, topic }: Parameters<typeof topicStore>[0],
  signal: AbortSignal,
): Promise<number> {
  const admin = broker.admin({ settings, logger });
  try {
    const [described] = await admin.describeTopics([topic], signal);
    if (described === undefined) {
      throw new ConfigError(`There is no topic '${topic}' to read a schema store from. Check the name.`, {
        code: STORES_TOPIC_MISSING,
      });
    }
    const [start = 0, end = 0] = await admin.listOffsets(
      [
        { topic, partition: 0, at: 'earliest' },
        { topic, partition: 0, at: 'latest' },
      ],
      signal,
    );
    return start === end ? 0 : end;
  } finally {
    await admin.close();
  }
}

function take(living: Map<string, string>, { key, value }: FetchedRecord): void {
  if (key === null) return;
  const name = textOf(key);
  living.delete(name);
  if (value !== null) living.set(name, textOf(value));
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
