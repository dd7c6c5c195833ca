/**
 * `errors.deadletterqueue.*` on a source, which Kafka Connect knows on sinks only: there they are unknown keys of a source, with no effect.
 * They are declared apart from the settings of sources, so that clients which validate a source see what Kafka Connect shows.
 */
import type { ErrorPolicy } from '../host/protocol.ts';
import { SINK_CONNECTOR_CONFIG } from './connector-config-def.ts';

type Raw = Readonly<Record<string, string>>;

const PREFIX = 'errors.deadletterqueue.';

/** What the keys need beside them to be read as those of a sink. */
const NO_SINK: Raw = { name: 'source', 'connector.class': 'source', topics: 'none' };

/** null: none is configured. @throws ConfigError for a value that is not allowed */
export function sourceDeadLetterQueue(config: Raw): ErrorPolicy['deadLetterQueue'] {
  const own = Object.entries(config).filter(([key]) => key.startsWith(PREFIX));
  if (own.length === 0) return null;
  return deadLetterQueueOf(SINK_CONNECTOR_CONFIG.parse({ ...NO_SINK, ...Object.fromEntries(own) }));
}

export function deadLetterQueueOf(values: {
  readonly 'errors.deadletterqueue.topic.name': string;
  readonly 'errors.deadletterqueue.topic.replication.factor': number;
  readonly 'errors.deadletterqueue.context.headers.enable': boolean;
}): ErrorPolicy['deadLetterQueue'] {
  const topic = values['errors.deadletterqueue.topic.name'].trim();
  if (topic === '') return null;
  return {
    topic,
    replicationFactor: values['errors.deadletterqueue.topic.replication.factor'],
    contextHeaders: values['errors.deadletterqueue.context.headers.enable'],
  };
}
