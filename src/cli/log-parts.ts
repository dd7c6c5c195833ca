/** The parts of a worker that log under names of their own, and what the same things are called in Kafka Connect. */
import { type LogLevels, type LogPart, levelledLogger } from '../foundation/log-levels.ts';
import type { LogFields, Logger } from '../foundation/logger.ts';
import { ACCESS_LOGGER } from '../rest/access-log.ts';

const RUNTIME = 'org.apache.kafka.connect.runtime';

export const LOG_PARTS: readonly LogPart[] = [
  {
    name: 'worker',
    aliases: [
      `${RUNTIME}.Worker`,
      `${RUNTIME}.WorkerConnector`,
      `${RUNTIME}.standalone`,
      'org.apache.kafka.connect.cli',
    ],
  },
  {
    name: 'task',
    aliases: [
      `${RUNTIME}.WorkerTask`,
      `${RUNTIME}.WorkerSourceTask`,
      `${RUNTIME}.WorkerSinkTask`,
      `${RUNTIME}.errors`,
      'org.apache.kafka.connect.storage',
      'org.apache.kafka.connect.transforms',
    ],
  },
  { name: 'rest.requests', aliases: [ACCESS_LOGGER] },
  { name: 'rest', aliases: [`${RUNTIME}.rest`] },
  {
    name: 'broker',
    aliases: ['org.apache.kafka.clients', 'org.apache.kafka.clients.producer', 'org.apache.kafka.clients.consumer'],
  },
  { name: 'admin', aliases: ['org.apache.kafka.clients.admin'] },
  {
    name: 'registry',
    aliases: ['io.confluent.kafka.schemaregistry', 'io.confluent.kafka.serializers', 'io.confluent.connect'],
  },
  { name: 'schema-store', aliases: [] },
];

/** The worker's logger: lines of its parts pass at the levels that `/admin/loggers` shows. */
export function workerLogger(target: Logger, levels: LogLevels): Logger {
  return levelledLogger({ target, levels, name: 'worker', nameOf });
}

function nameOf(bindings: LogFields, parent: string): string {
  const { name } = bindings;
  if (name === ACCESS_LOGGER) return 'rest.requests';
  if (typeof name === 'string') return name;
  return bindings['task'] === undefined ? parent : 'task';
}
