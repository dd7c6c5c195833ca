import { describe, expect, it } from 'vitest';
import { namingRecords } from '../../../../src/runtime/errors/named-records.ts';
import { IntegrityError } from '../../../../src/sdk/errors/index.ts';

describe('namingRecords', () => {
  it('says which of the ranges hold records that are not meant', () => {
    const records = [
      { topic: 'a', partition: 0, first: 1, last: 9, isCoarse: true },
      { topic: 'a', partition: 1, first: 4, last: 4 },
    ] as const;
    const error = namingRecords(new IntegrityError('Ids changed.', { code: 'x.y' }), records, 0) as IntegrityError;
    expect(error.message).toBe(
      'Ids changed. Records of this task that carry it: ~a-0 offsets 1 to 9, a-1 offset 4. They were too many to keep them apart: ' +
        'not all records of the ranges marked with ~ carry it.',
    );
    expect(error.details?.['records']).toEqual(records);
  });
});
