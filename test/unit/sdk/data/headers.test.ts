import { describe, expect, it } from 'vitest';
import { BigDecimal, ConnectHeaders, Header, SchemaBuilder, Schemas, Struct } from '../../../../src/sdk/data/index.ts';

const keysOf = (headers: ConnectHeaders): string[] => [...headers].map((header) => `${header.key}=${header.value}`);

describe('ConnectHeaders', () => {
  it('keep order and repeated keys', () => {
    const headers = new ConnectHeaders().addInt('a', 1).addString('b', 'x').addLong('a', 2n);
    expect(keysOf(headers)).toEqual(['a=1', 'b=x', 'a=2']);
    expect(headers.lastWithName('a')?.value).toBe(2n);
    expect(headers.allWithName('a').map((header) => header.value)).toEqual([1, 2n]);
    expect([headers.lastWithName('z'), headers.allWithName('z').length, headers.size]).toEqual([undefined, 0, 3]);
  });

  it('remove, and retain the latest of one or every key, in order', () => {
    const make = (): ConnectHeaders => new ConnectHeaders().addInt('a', 1).addInt('b', 2).addInt('a', 3).addInt('b', 4);
    expect(keysOf(make().remove('a'))).toEqual(['b=2', 'b=4']);
    expect(keysOf(make().retainLatest('a'))).toEqual(['b=2', 'a=3', 'b=4']);
    expect(keysOf(make().retainLatest())).toEqual(['a=3', 'b=4']);
    expect(make().clear().isEmpty).toBe(true);
  });

  it('are transformed one by one', () => {
    const headers = new ConnectHeaders().addInt('a', 1).addInt('b', 2);
    headers.apply((header) => header.with(Schemas.INT32, (header.value as number) * 10));
    headers.apply('b', () => null);
    expect(keysOf(headers)).toEqual(['a=10']);
    headers.apply('a', (header) => header.rename('z'));
    expect(keysOf(headers)).toEqual(['z=10']);
  });

  it('have duplicates that change independently, whichever changes', () => {
    const first = new ConnectHeaders().addInt('a', 1);
    const second = first.duplicate();
    expect(second.equals(first)).toBe(true);
    first.addInt('b', 2);
    second.addInt('c', 3);
    expect(keysOf(first)).toEqual(['a=1', 'b=2']);
    expect(keysOf(second)).toEqual(['a=1', 'c=3']);
    expect(second.equals(first)).toBe(false);
  });

  it('don’t share what was added to one empty instance', () => {
    new ConnectHeaders().addInt('a', 1);
    expect(new ConnectHeaders().isEmpty).toBe(true);
  });

  it('refuse a value that does not fit its schema, and a null key', () => {
    const headers = new ConnectHeaders();
    expect(() => headers.add('a', 'x', Schemas.INT32)).toThrow(
      'The value x is not compatible with the schema Schema{INT32}',
    );
    expect(() => headers.add('a', null, Schemas.INT32)).toThrow(
      'A null value requires an optional schema but was Schema{INT32}',
    );
    expect(() => headers.add(null as unknown as string, 1, null)).toThrow('Null header keys are not permitted');
    expect(() => headers.addDate('d', new Date(1))).toThrow('Date type should not have any time fields');
    expect(() => headers.addTime('t', new Date(-1))).toThrow('Time type should not have any date fields');
    expect(headers.isEmpty).toBe(true);
  });

  it('take every type', () => {
    const schema = SchemaBuilder.struct().field('a', Schemas.INT8).build();
    const headers = new ConnectHeaders()
      .addBoolean('h', true)
      .addByte('h', 1)
      .addShort('h', 1)
      .addFloat('h', 1.5)
      .addDouble('h', 1.5)
      .addString('h', null)
      .addBytes('h', Uint8Array.of(1))
      .addDecimal('h', BigDecimal.parse('1.5'))
      .addDate('h', new Date(0))
      .addTime('h', new Date(5))
      .addTimestamp('h', new Date(5))
      .addStruct('h', new Struct(schema))
      .addList('h', [1], SchemaBuilder.array(Schemas.INT8).build())
      .addMap('h', new Map(), SchemaBuilder.mapOfNull().build())
      .add('h', { anything: 1 }, null)
      .add(new Header('h', null, 1))
      .add({ key: 'h', schema: Schemas.INT8, value: 3 });
    expect([...headers].map((header) => header.schema?.type ?? null)).toEqual([
      'BOOLEAN',
      'INT8',
      'INT16',
      'FLOAT32',
      'FLOAT64',
      'STRING',
      'BYTES',
      'BYTES',
      'INT32',
      'INT32',
      'INT64',
      'STRUCT',
      'ARRAY',
      'MAP',
      null,
      null,
      'INT8',
    ]);
    expect([...headers].every((header) => header instanceof Header)).toBe(true);
  });

  it('print as Kafka Connect’s', () => {
    expect(String(new ConnectHeaders())).toBe('ConnectHeaders(headers=)');
    expect(String(new ConnectHeaders().addString('a', 'x'))).toBe(
      'ConnectHeaders(headers=[ConnectHeader(key=a, value=x, schema=Schema{STRING})])',
    );
  });
});
