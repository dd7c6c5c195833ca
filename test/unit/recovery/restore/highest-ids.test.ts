import { describe, expect, it } from 'vitest';
import { readRecord } from '../../../../src/recovery/records/read-record.ts';
import { HighestIds } from '../../../../src/recovery/restore/highest-ids.ts';

const key = Buffer.from('{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}');
const value = Buffer.from('{"subject":"s","version":1,"id":100,"schema":"\\"int\\"","deleted":false}');
const seenBy = (ids: HighestIds): readonly number[] => {
  ids.saw(readRecord({ key, value }));
  ids.saw(readRecord({ key, value: Buffer.from('{') }));
  return ids.reservations().map(({ schema }) => schema.id);
};

describe('the highest id', () => {
  it('is reserved where an unreadable record takes the key of its holder, which compaction then removes', () => {
    expect(seenBy(new HighestIds())).toEqual([100]);
  });

  it('is not reserved once more where unreadable records are left out, and its holder stays', () => {
    expect(seenBy(new HighestIds({ leavesOutUnreadable: true }))).toEqual([]);
  });

  const other = (id: number): Buffer => Buffer.from(`{"subject":"t","version":2,"id":${id},"schema":"\\"long\\""}`);
  const read = (...values: readonly Buffer[]): readonly number[] => {
    const ids = new HighestIds({ leavesOutUnreadable: true });
    for (const each of values) ids.saw(readRecord({ key, value: each }));
    return ids.reservations().map(({ schema }) => schema.id);
  };

  it('is left to Karapace, and the next one reserved, where a value of another version has taken the key of its holder', () => {
    expect(read(value, other(3))).toEqual([101]);
    expect(read(value, other(3), value)).toEqual([]);
  });

  it('is held by a value of another version, which both vendors read', () => {
    expect(read(other(200))).toEqual([]);
    expect(read(other(200), value)).toEqual([201]);
  });

  it('is not reserved where no registry can give out a higher one', () => {
    const magic = Buffer.from('{"keytype":"SCHEMA","subject":"s","version":1,"magic":7}');
    const ids = new HighestIds();
    const last = Buffer.from('{"subject":"s","version":1,"id":2147483647,"schema":"\\"long\\""}');
    ids.saw(readRecord({ key: magic, value: last }));
    expect(ids.highest).toEqual({ '': 2_147_483_647 });
    expect(ids.reservations()).toEqual([]);
  });

  const whole = '{"subject":":.ctx:s","version":3,"id":700,"schema":"\\"int\\"","deleted":false}';
  it.each([
    ['without a key', null, whole],
    ['whose key is no JSON', 'orders', whole],
    ['of a keytype that nobody knows', '{"keytype":"SCHEMATA","subject":"s","version":1}', whole],
    ['whose key lacks the version', '{"keytype":"SCHEMA","subject":"s","magic":1}', whole],
    ['whose value lacks the text', key.toString(), '{"subject":":.ctx:s","version":3,"id":700,"deleted":false}'],
    ['whose value was cut behind the id', key.toString(), whole.slice(0, 50)],
  ])('is reserved where only a record has it %s: it was given out', (_, name, text) => {
    const ids = new HighestIds({ leavesOutUnreadable: true });
    ids.saw(readRecord({ key: name === null ? null : Buffer.from(name), value: Buffer.from(text) }));
    expect(ids.highest).toEqual({ ctx: 700 });
    expect(ids.reservations().map(({ context, schema }) => [context, schema.id])).toEqual([['ctx', 700]]);
  });

  it.each([
    ['cut within the id', whole.slice(0, whole.indexOf('700') + 2)],
    ['of data', '{"id":700,"customer":"a"}'],
    ['beyond what a registry gives out', whole.replace('700', '2147483648')],
    ['in the text of a schema', '{"schema":"{\\"subject\\":\\"s\\",\\"version\\":1,\\"id\\":700}'],
  ])('is none that is %s', (_, text) => {
    const ids = new HighestIds();
    ids.saw(readRecord({ key: null, value: Buffer.from(text) }));
    expect(ids.highest).toEqual({});
  });
});
