import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SchemaBuilder, Schemas, SinkRecord, Struct } from 'holdfast/sdk';
import { describe, it } from 'vitest';
import plugin from '../../connectors/file/index.ts';
import { connectorAcceptance } from '../../src/testing/connector-acceptance.ts';
import { tempDir } from '../support/temp-dir.ts';

const runner = { describe, it };
const ROWS = 30;

function filled(name: string, line: (index: number) => string, head = ''): string {
  const file = join(tempDir('acceptance'), name);
  writeFileSync(file, head + Array.from({ length: ROWS }, (_, index) => `${line(index)}\n`).join(''));
  return file;
}

connectorAcceptance(runner, {
  plugin,
  className: 'org.apache.kafka.connect.file.FileStreamSourceConnector',
  type: 'source',
  prepare: () => ({
    config: { file: filled('in.txt', (index) => `line ${index} ä`), topic: 'lines', 'batch.size': '7' },
    expected: ROWS,
  }),
});

const row = (index: number): string => `${index},"name ${index}, ""quoted""
over lines",${index / 4}`;

for (const [name, line, head] of [
  ['in.csv', row, 'id,name,quarter\n'],
  ['in.jsonl', (index: number) => JSON.stringify({ id: index, tags: ['ä', index] }), ''],
] as const) {
  connectorAcceptance(runner, {
    plugin,
    className: 'io.holdfast.connect.file.RecordFileSourceConnector',
    type: 'source',
    prepare: () => ({
      config: { file: filled(name, line, head), topic: 'rows', 'batch.size': '7' },
      expected: ROWS,
    }),
  });
}

const lines = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);

connectorAcceptance(runner, {
  plugin,
  className: 'org.apache.kafka.connect.file.FileStreamSinkConnector',
  type: 'sink',
  prepare: () => {
    const file = join(tempDir('acceptance'), 'out.txt');
    writeFileSync(file, '');
    return {
      config: { file },
      records: Array.from(
        { length: ROWS },
        (_, kafkaOffset) =>
          new SinkRecord({
            topic: 't',
            kafkaPartition: 0,
            kafkaOffset,
            valueSchema: Schemas.STRING,
            value: `v${kafkaOffset}`,
          }),
      ),
      readBack: () => lines(file),
      textOf: ({ value }) => String(value),
    };
  },
});

const schema = SchemaBuilder.struct().field('id', Schemas.INT64).field('name', Schemas.OPTIONAL_STRING).build();

for (const [name, headerLines, textOf] of [
  ['out.csv', 1, (struct: Struct) => `${struct.get('id')},${struct.get('name')}`],
  ['out.jsonl', 0, (struct: Struct) => `{"id":${struct.get('id')},"name":"${struct.get('name')}"}`],
] as const) {
  connectorAcceptance(runner, {
    plugin,
    className: 'io.holdfast.connect.file.RecordFileSinkConnector',
    type: 'sink',
    prepare: () => {
      const file = join(tempDir('acceptance'), name);
      writeFileSync(file, '');
      return {
        config: { file },
        records: Array.from({ length: ROWS }, (_, kafkaOffset) => {
          const value = new Struct(schema).put('id', BigInt(kafkaOffset)).put('name', `n${kafkaOffset}`);
          return new SinkRecord({ topic: 't', kafkaPartition: 0, kafkaOffset, valueSchema: schema, value });
        }),
        readBack: () => lines(file).slice(headerLines),
        textOf: ({ value }) => textOf(value as Struct),
      };
    },
  });
}
