/** What happens while a registry is away, lags, or does not know an id. */
import { ConfigValidators } from '../../sdk/config/index.ts';

export const WAITING_SETTINGS = {
  'registry.park.timeout.ms': {
    type: 'LONG',
    default: -1,
    validator: ConfigValidators.range({ min: -1 }),
    importance: 'medium',
    documentation:
      'How long a task waits for a registry that is away before it fails. -1 waits without limit. Failovers take 5 to 90 seconds: less than five minutes is not advisable.',
  },
  'registry.patience.ms': {
    type: 'INT',
    default: 100,
    validator: ConfigValidators.range({ min: 0, max: 10_000 }),
    importance: 'low',
    documentation:
      'How long a batch waits for an answer of the registry before it goes on with the partitions that lack nothing.',
  },
  'registry.probe.initial.ms': {
    type: 'INT',
    default: 100,
    validator: ConfigValidators.range({ min: 10 }),
    importance: 'low',
    documentation:
      'The bound of the first wait between two probes of a registry that is away; it doubles from probe to probe.',
  },
  'registry.probe.max.ms': {
    type: 'INT',
    default: 500,
    validator: ConfigValidators.range({ min: 50 }),
    importance: 'low',
    documentation:
      'The bound of the longest wait between two probes. One prober asks, whatever the number of tasks; each wait is drawn at random up to the bound. After 401 the waits grow to 30 s, or to this if it is longer.',
  },
  'registry.recovery.max.requests.per.second': {
    type: 'INT',
    default: 500,
    validator: ConfigValidators.range({ min: 10 }),
    importance: 'low',
    documentation:
      'The most requests per second, to all nodes together, while the registry is away and for registry.settle.window.ms after an outage or a change of primary: probes, what waited, what is new and what is read back, whatever the number of tasks.',
  },
  'registry.max.in.flight': {
    type: 'INT',
    default: 8,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    documentation: 'Requests to the registry at the same time, for reads and for writes each.',
  },
  'registry.settle.window.ms': {
    type: 'LONG',
    default: 30_000,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    documentation:
      'How long after a change of primary, or after an outage, "not found" is taken for lag rather than for the truth.',
  },
  'unknown.id.max.gap': {
    type: 'LONG',
    default: 1_000_000,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    documentation:
      "A schema id more than this above every node's highest id is bad data, not an id that is still to come.",
  },
  'unknown.id.action': {
    type: 'STRING',
    default: 'wait',
    validator: ConfigValidators.in('wait', 'fail', 'report'),
    importance: 'medium',
    documentation:
      'What happens to a record whose schema id lies a little above the highest id of every node, because the registry lost data: wait for it, fail the task, or report the record as bad data.',
  },
  'unknown.id.timeout.ms': {
    type: 'LONG',
    default: 300_000,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    documentation: 'After which time unknown.id.action fail or report takes effect.',
  },
} as const;

/** Of the worker, not of one registry: all tasks of a host leave through one queue. */
export const RELEASE_SETTINGS = {
  'registry.release.concurrency': {
    type: 'INT',
    default: 16,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    documentation: 'How many waiting tasks are let go at the same time once the registry is back.',
  },
  'registry.release.jitter.ms': {
    type: 'INT',
    default: 50,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    documentation: 'Each task but the first is let go after a random part of this time.',
  },
} as const;
