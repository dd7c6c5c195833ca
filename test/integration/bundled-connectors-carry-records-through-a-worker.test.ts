/** Every bundled connector through a whole worker: embedded broker, JSON with schemas, REST. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { tempDir } from '../support/temp-dir.ts';

const STRING = 'org.apache.kafka.connect.storage.StringConverter';
const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter';

let connect: EmbeddedConnect;
let folder: string;

beforeAll(async () => {
  folder = tempDir('bundled');
  connect = await EmbeddedConnect.start({ dir: folder, settings: { 'value.converter': JSON_CONVERTER } });
});

afterAll(async () => {
  await connect.worker.stop();
});

const linesOf = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];

describe('records from end to end', () => {
  it('rows of a table come out as they went in', async () => {
    const from = join(folder, 'table.csv');
    const to = join(folder, 'out.csv');
    const rows = Array.from({ length: 5000 }, (_, id) => `${id},"name ""${id}"", ä",${id / 8},${id % 2 === 0}`);
    writeFileSync(from, `id,name,share,even\n${rows.join('\n')}`);
    await connect.create('table-source', {
      'connector.class': 'io.holdfast.connect.file.RecordFileSourceConnector',
      file: from,
      topic: 'table',
      'key.converter': STRING,
    });
    await connect.create('table-sink', {
      'connector.class': 'io.holdfast.connect.file.RecordFileSinkConnector',
      file: to,
      topics: 'table',
    });
    await connect.waitFor('all rows', async () => linesOf(to).length >= 5001);
    expect(linesOf(to)).toEqual(['id,name,share,even', ...rows]);
  });

  it('generated records reach a file, exactly as many as asked for', async () => {
    const to = join(folder, 'orders.jsonl');
    await connect.create('orders-source', {
      'connector.class': 'DatagenConnector',
      'kafka.topic': 'orders',
      quickstart: 'orders',
      'max.interval': '0',
      iterations: '700',
      'random.seed': '3',
      'key.converter': STRING,
    });
    await connect.create('orders-sink', {
      'connector.class': 'io.holdfast.connect.file.RecordFileSinkConnector',
      file: to,
      topics: 'orders',
    });
    await connect.waitFor('all orders', async () => linesOf(to).length >= 700);
    const orders = linesOf(to).map((line) => JSON.parse(line) as { orderid: number; address: { zipcode: number } });
    expect(orders.map(({ orderid }) => orderid)).toEqual(Array.from({ length: 700 }, (_, id) => id));
    expect(orders.every(({ address }) => address.zipcode >= 10_000)).toBe(true);
    expect((await connect.waitForTasks('orders-source', 'RUNNING')).tasks).toHaveLength(1);
  });

  it('a malformed row fails the task with its place, after the rows before it', async () => {
    const from = join(folder, 'bad.csv');
    const to = join(folder, 'good.csv');
    writeFileSync(from, 'a,b\n1,2\n3,4\n5\n6,7\n');
    await connect.create('bad-sink', {
      'connector.class': 'io.holdfast.connect.file.RecordFileSinkConnector',
      file: to,
      topics: 'bad',
    });
    await connect.create('bad-source', {
      'connector.class': 'io.holdfast.connect.file.RecordFileSourceConnector',
      file: from,
      topic: 'bad',
      'key.converter': STRING,
    });
    const { tasks } = await connect.waitForTasks('bad-source', 'FAILED');
    expect(tasks[0]?.trace).toMatch(/byte 12 of '.*bad\.csv' \(record 3\)/);
    await connect.waitFor('the good rows', async () => linesOf(to).length >= 3);
    expect(linesOf(to)).toEqual(['a,b', '1,2', '3,4']);
  });
});
