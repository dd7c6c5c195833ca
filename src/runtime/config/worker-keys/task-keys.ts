/** Where tasks run, how much they may have on its way, and how long they wait. */
import { ConfigValidators } from '../../../sdk/config/index.ts';

const HOLDFAST = 'Holdfast';

export const TASK_KEYS = {
  'task.isolation': {
    type: 'STRING',
    default: 'inline',
    validator: ConfigValidators.inIgnoreCase('inline', 'shared', 'own'),
    importance: 'medium',
    group: HOLDFAST,
    documentation:
      'Where tasks run: inline in the thread of the worker itself, shared in one of task.host.threads threads, or own in a thread for the tasks of that connector only. A plugin that blocks its thread takes nothing but that thread away. A connector may set it for itself.',
  },
  'task.host.threads': {
    type: 'INT',
    default: 0,
    validator: ConfigValidators.range({ min: 0, max: 256 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'How many threads the tasks with task.isolation=shared share. 0: one less than there are processors, and one at least.',
  },
  'task.host.memory.max.mb': {
    type: 'INT',
    default: 0,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'How much memory the objects of one thread of tasks may take, in MiB. A thread that needs more ends, and its tasks fail. 0: what Node gives it. A connector with task.isolation=own may set it for itself.',
  },
  'task.call.warn.ms': {
    type: 'LONG',
    default: 5_000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'How long a call of a plugin may take, or block the loop of its thread, before the log and the status name it. Waiting for records in poll is no such call.',
  },
  'max.inflight.batches': {
    type: 'INT',
    default: 5,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'How many batches of a source task may be on their way to the broker at once. A connector may set it for itself.',
  },
  'max.inflight.bytes': {
    type: 'LONG',
    default: 8 * 1024 * 1024,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'How many bytes of a source task may be on their way to the broker at once. One batch may always go. A connector may set it for itself.',
  },
  'park.timeout.ms': {
    type: 'LONG',
    default: -1,
    validator: ConfigValidators.range({ min: -1 }),
    importance: 'medium',
    group: HOLDFAST,
    documentation:
      'How long a task may be parked before it fails, in ms; -1 for ever. A connector may set it for itself.',
  },
  'park.timeout.action': {
    type: 'STRING',
    default: 'fail',
    validator: ConfigValidators.in('fail', 'warn'),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'What happens to a task that was parked for park.timeout.ms: it fails, or a warning is logged and it stays parked. A connector may set it for itself.',
  },
  'park.backoff.initial.ms': {
    type: 'INT',
    default: 250,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'The first wait of a parked task that nobody tells when to go on, as for a target system, in ms; it doubles. A connector may set it for itself.',
  },
  'park.backoff.max.ms': {
    type: 'INT',
    default: 10_000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation: 'The longest of these waits, in ms. A connector may set it for itself.',
  },
  'retry.backoff.initial.ms': {
    type: 'INT',
    default: 250,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      "The first wait after a RetriableError of a task's poll or put, in ms; it doubles. A connector may set it for itself.",
  },
  'retry.backoff.max.ms': {
    type: 'INT',
    default: 10_000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation: 'The longest of these waits, in ms. A connector may set it for itself.',
  },
  'sink.heartbeat.interval.ms': {
    type: 'INT',
    default: 1_000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'How long a sink task that has no records goes without a put of none, in ms. A connector may set it for itself.',
  },
} as const;
