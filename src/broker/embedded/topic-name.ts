import { ConfigError } from '../../sdk/errors/index.ts';
import { TOPIC_INVALID } from '../broker-errors.ts';

const LEGAL = /^[a-zA-Z0-9._-]+$/;
const MAX_LENGTH = 249;

/** What is wrong with the name of a topic by Kafka's rules (`org.apache.kafka.common.internals.Topic`), or null. */
export function topicNameProblem(name: string): string | null {
  if (name.length === 0) return 'it is empty';
  if (name === '.' || name === '..') return `it can't be '.' or '..'`;
  if (name.length > MAX_LENGTH) return `it is ${name.length} characters long, more than ${MAX_LENGTH}`;
  if (!LEGAL.test(name)) return `it holds other characters than ASCII letters, digits, '.', '_' and '-'`;
  return null;
}

/** @throws ConfigError for a name that Kafka does not take */
export function checkTopicName(name: string): void {
  const problem = topicNameProblem(name);
  if (problem !== null)
    throw new ConfigError(`'${name}' can't be the name of a topic: ${problem}.`, { code: TOPIC_INVALID });
}
