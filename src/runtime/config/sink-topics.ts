import type { ConfigProblem } from '../../sdk/errors/kinds.ts';
import type { RawConnectorConfig } from '../herder/herder.ts';
import { listOf } from './alias-list.ts';
import { topicPattern } from './topic-pattern.ts';

/** Each once; what stands between two commas and is empty is none. Kafka Connect 4.1.1, parseTopicsList */
export function topicsOf(config: RawConnectorConfig): readonly string[] {
  return [...new Set(listOf(config['topics'] ?? undefined))];
}

/** Where a sink reads from, and that it doesn't read its own dead letters. SinkConnectorConfig of Kafka Connect 4.1.1. */
export function sinkProblems(config: RawConnectorConfig): ConfigProblem[] {
  const topics = topicsOf(config);
  const regex = (config['topics.regex'] ?? '').trim();
  const dlq = (config['errors.deadletterqueue.topic.name'] ?? '').trim();
  const both = (message: string): ConfigProblem[] => ['topics', 'topics.regex'].map((key) => ({ key, message }));
  const problems: ConfigProblem[] = [];
  if (topics.length === 0 && regex === '') problems.push(...both('Must configure one of topics or topics.regex'));
  if (topics.length > 0 && regex !== '') {
    problems.push(...both('topics and topics.regex are mutually exclusive options, but both are set.'));
  }
  if (dlq === '') return problems;
  if (topics.includes(dlq)) {
    problems.push({
      key: 'topics',
      message: `The DLQ topic '${dlq}' may not be included in the list of topics ('topics=[${topics.join(', ')}]') consumed by the connector`,
    });
  }
  if (regex !== '' && matchesWhole(regex, dlq)) {
    problems.push({
      key: 'topics.regex',
      message: `The DLQ topic '${dlq}' may not be matched by the regex for the topics ('topics.regex=${regex}') consumed by the connector`,
    });
  }
  return problems;
}

function matchesWhole(regex: string, text: string): boolean {
  try {
    return topicPattern(regex).test(text);
  } catch {
    return false;
  }
}
