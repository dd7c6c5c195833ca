import type { SinkTaskSpec, SourceTaskSpec } from '../../../../src/runtime/host/protocol.ts';
import { NO_TOLERANCE } from '../fake-task-edges.ts';

const plugin = { module: 'file:///plugin.js', className: 'test.Plugin' };
const converter = { ...plugin, config: {} };

const base = {
  connectorClass: plugin,
  taskConfig: {},
  keyConverter: converter,
  valueConverter: converter,
  headerConverter: converter,
  transformations: [],
  errors: NO_TOLERANCE,
  initialState: 'STARTED' as const,
  producerSettings: {},
  consumerSettings: { 'group.id': 'connect-c', 'auto.offset.reset': 'earliest' },
  adminSettings: {},
  hostSettings: {},
  offsetFlushTimeoutMs: 5_000,
};

export function sourceSpec(connector = 'c', task = 0): SourceTaskSpec {
  return { ...base, kind: 'source', id: { connector, task }, topicCreation: null };
}

export function sinkSpec(overrides: Partial<SinkTaskSpec> = {}): SinkTaskSpec {
  return { ...base, kind: 'sink', id: { connector: 'c', task: 0 }, ...overrides };
}
