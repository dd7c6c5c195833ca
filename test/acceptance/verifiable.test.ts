import { describe, expect, it, vi } from 'vitest';
import plugin from '../../connectors/verifiable/index.ts';
import { Schemas, SinkRecord } from '../../src/sdk/index.ts';
import { connectorAcceptance } from '../../src/testing/connector-acceptance.ts';
import { sinkTaskContext, sourceTaskContext } from '../../src/testing/task-contexts.ts';

const TOOLS = 'org.apache.kafka.connect.tools';

connectorAcceptance(
  { describe, it },
  {
    plugin,
    className: 'org.apache.kafka.connect.tools.VerifiableSourceConnector',
    type: 'source',
    prepare: () => ({ config: { topic: 't', throughput: '2000' }, expected: 20, endsWithExpected: false }),
  },
);

connectorAcceptance(
  { describe, it },
  {
    plugin,
    className: 'org.apache.kafka.connect.tools.SchemaSourceConnector',
    type: 'source',
    prepare: () => ({ config: { topic: 't', 'num.messages': '20', 'multiple.schema': 'true' }, expected: 20 }),
  },
);

function taskOf(className: string): object {
  const entry = plugin.connectors?.find((each) => each.className === `${TOOLS}.${className}`);
  if (entry === undefined) throw new Error(`no ${className}`);
  return new (new entry.create().taskClass())();
}

// It has no settings and writes nowhere but to standard output: the kit has nothing to try it with.
it("'org.apache.kafka.connect.tools.VerifiableSinkConnector' tells of each record, and again once it is flushed", async () => {
  const task = taskOf('VerifiableSinkConnector') as {
    initialize(context: object): void;
    start(config: object): void;
    put(records: readonly SinkRecord[]): void;
    flush(): void;
  };
  const lines: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  try {
    task.initialize(sinkTaskContext({}));
    task.start({ name: 'v', id: '3' });
    const record = (kafkaOffset: number): SinkRecord =>
      new SinkRecord({
        topic: 't',
        kafkaPartition: 0,
        kafkaOffset,
        keySchema: Schemas.INT32,
        key: 1,
        valueSchema: Schemas.INT64,
        value: BigInt(kafkaOffset + 7),
        timestamp: null,
        timestampType: 'CreateTime',
      });
    task.put([record(0), record(1)]);
    task.flush();
  } finally {
    spy.mockRestore();
  }
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(told.map(({ offset, seqno, sinkTask, flushed }) => [offset, seqno, sinkTask, flushed])).toEqual([
    [0, 7, 3, undefined],
    [1, 8, 3, undefined],
    [0, 7, 3, true],
    [1, 8, 3, true],
  ]);
});

// They give and take nothing until they fail.
it.each([
  ['org.apache.kafka.connect.tools.MockSourceConnector', 'poll'],
  ['org.apache.kafka.connect.tools.MockSinkConnector', 'put'],
] as const)("'%s' fails in %s when it is told to", async (className, method) => {
  const config = { mock_mode: 'task-failure', delay_ms: '0' };
  const run = async (settings: object): Promise<unknown> => {
    const task = taskOf(className.slice(TOOLS.length + 1)) as {
      initialize(context: object): void;
      start(config: object): void;
      poll(signal: AbortSignal): unknown;
      put(records: readonly SinkRecord[]): unknown;
    };
    task.initialize(method === 'poll' ? sourceTaskContext({}) : sinkTaskContext({}));
    task.start(settings);
    return method === 'poll' ? task.poll(AbortSignal.timeout(1000)) : task.put([]);
  };
  await expect(run(config)).rejects.toThrow('Mock task failure');
  await expect(run({ ...config, delay_ms: '600000' })).resolves.not.toThrow();
});
