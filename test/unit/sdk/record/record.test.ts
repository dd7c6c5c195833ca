import { describe, expect, it, vi } from 'vitest';
import { ConnectHeaders, Schemas } from '../../../../src/sdk/data/index.ts';
import { ConnectRecord, SinkRecord, SourceRecord } from '../../../../src/sdk/record/index.ts';

const sink = (): SinkRecord =>
  new SinkRecord({
    topic: 't',
    kafkaPartition: 2,
    kafkaOffset: 7,
    keySchema: Schemas.STRING,
    key: 'k',
    valueSchema: Schemas.INT64,
    value: 1n,
    timestamp: 5,
    timestampType: 'CreateTime',
  });
const source = (): SourceRecord =>
  new SourceRecord({ sourcePartition: { filename: 'f' }, sourceOffset: { position: 3 }, topic: 't', value: 'v' });

describe('newRecord', () => {
  it('changes what is named, to null too, and keeps the rest with where it came from', () => {
    const changed = source().newRecord({ topic: 'u', value: null });
    expect(changed).toBeInstanceOf(SourceRecord);
    expect(changed).toMatchObject({
      topic: 'u',
      value: null,
      sourcePartition: { filename: 'f' },
      sourceOffset: { position: 3 },
    });
    expect(source().newRecord({}).equals(source())).toBe(true);
  });

  it('preserves a sink record’s original coordinates through any number of changes', () => {
    const changed = sink().newRecord({ topic: 'u', kafkaPartition: 9 }).newRecord({ topic: 'w' });
    expect(changed).toMatchObject({
      topic: 'w',
      kafkaPartition: 9,
      kafkaOffset: 7,
      timestampType: 'CreateTime',
      originalTopic: 't',
      originalKafkaPartition: 2,
      originalKafkaOffset: 7,
    });
  });

  it('duplicates the headers, unless others are given', () => {
    const record = new SourceRecord({
      sourcePartition: null,
      sourceOffset: null,
      topic: 't',
      headers: new ConnectHeaders().addInt('a', 1),
    });
    const changed = record.newRecord({ topic: 'u' });
    changed.headers.addInt('b', 2);
    expect([record.headers.size, changed.headers.size]).toEqual([1, 2]);
    expect(record.newRecord({ headers: null }).hasHeaders).toBe(false);
    const given = new ConnectHeaders();
    expect(record.newRecord({ headers: given }).headers).toBe(given);
  });
});

describe('a record', () => {
  it('makes headers when asked for', () => {
    const record = source();
    expect(record.hasHeaders).toBe(false);
    expect(record.headers.isEmpty).toBe(true);
    record.headers.addInt('a', 1);
    expect(record.hasHeaders).toBe(true);
  });

  it('prints as Kafka Connect’s', () => {
    expect(String(new SourceRecord({ sourcePartition: {}, sourceOffset: {}, topic: 'tt', value: 'v' }))).toBe(
      "SourceRecord{sourcePartition={}, sourceOffset={}} ConnectRecord{topic='tt', kafkaPartition=null, key=null, keySchema=null, value=v, valueSchema=null, timestamp=null, headers=ConnectHeaders(headers=)}",
    );
    expect(String(sink())).toBe(
      'SinkRecord{kafkaOffset=7, timestampType=CreateTime, originalTopic=t, originalKafkaPartition=2, originalKafkaOffset=7} ' +
        "ConnectRecord{topic='t', kafkaPartition=2, key=k, keySchema=Schema{STRING}, value=1, valueSchema=Schema{INT64}, timestamp=5, headers=ConnectHeaders(headers=)}",
    );
  });

  it('equals by all parts', () => {
    expect(sink().equals(sink())).toBe(true);
    expect(sink().equals(sink().newRecord({ value: 2n }))).toBe(false);
    expect(source().equals(sink())).toBe(false);
  });

  it('is recognised over copies of the SDK, by its kind', async () => {
    vi.resetModules();
    const other = await import('../../../../src/sdk/record/index.ts');
    const theirs = new other.SinkRecord({ topic: 't', kafkaPartition: 0, kafkaOffset: 0 });
    expect(other.SinkRecord).not.toBe(SinkRecord);
    expect([theirs instanceof SinkRecord, theirs instanceof ConnectRecord, theirs instanceof SourceRecord]).toEqual([
      true,
      true,
      false,
    ]);
    class Mine extends SinkRecord {}
    expect(theirs instanceof Mine).toBe(false);
  });
});
