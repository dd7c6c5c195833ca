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
});
