import { describe, expect, it } from 'vitest';
import { RegistryUnavailableError, SchemaRejectedError } from '../../../src/registry/registry-errors.ts';
import { isAbout, isForGood, isOneId, skippable, type ViewEntry } from '../../../src/registry/view-entry.ts';
import type { SchemaQuestion } from '../../../src/sdk/schema-view.ts';

const byId: SchemaQuestion = { kind: 'by-id', key: 'k', id: 7 };
const elsewhere: SchemaQuestion = { kind: 'by-id', key: 'k', id: 7, subject: ':.x:' };
const byGuid: SchemaQuestion = { kind: 'by-guid', key: 'k', guid: 'g' };
const version: SchemaQuestion = { kind: 'version', key: 'k', subject: ':.x:s', version: 1 };
const schema = { id: 7, schemaType: 'AVRO', schema: '"int"', references: [] } as const;
const error = new SchemaRejectedError('no', { details: { a: 1 } });
const entry = (
  question: SchemaQuestion,
  answer: ViewEntry['answer'],
  expiresAt = Number.POSITIVE_INFINITY,
): ViewEntry => ({
  question,
  answer,
  expiresAt,
  waiting: null,
  acknowledgement: null,
  isSuspect: false,
  usedAt: 0,
});
const known = { kind: 'known', schema } as const;

describe('what a view remembers of a question', () => {
  it('is about an id in the context of its subject', () => {
    expect(isAbout(entry(byId, known), '', 7)).toBe(true);
    expect(isAbout(entry(byId, known), '', 8)).toBe(false);
    expect(isAbout(entry(byId, known), 'x', 7)).toBe(false);
    expect(isAbout(entry(version, known), 'x', 7)).toBe(true);
    expect(isAbout(entry(byId, { kind: 'refused', error }), '', 7)).toBe(false);
  });

  it('is for good when it was refused without an end', () => {
    expect(isForGood(entry(byId, { kind: 'refused', error }))).toBe(true);
    expect(isForGood(entry(byId, { kind: 'refused', error }, 1000))).toBe(false);
    expect(isForGood(entry(byId, known))).toBe(false);
  });
});

describe('what waits', () => {
  it.each<[SchemaQuestion, string, boolean]>([
    [byId, 'registry:r:id:7', true],
    [byId, 'registry:r:id:.x:7', false],
    [elsewhere, 'registry:r:id:.x:7', true],
    [elsewhere, 'registry:r:id:7', false],
    [elsewhere, 'registry:r:read', false],
    [byId, 'registry:r:id:17', false],
    [byId, 'registry:r:read', false],
    [byId, 'registry:r:7', false],
    [byGuid, 'registry:r:guid:g', true],
    [byGuid, 'registry:r:guid:h', false],
    [byGuid, 'registry:r:read', false],
    [version, 'registry:r:id:7', false],
  ])('waits for one id only, or for the registry: %j at %s', (question, gateId, is) => {
    expect(isOneId(question, gateId)).toBe(is);
  });

  it('for one id only may be skipped', () => {
    const made = skippable(error, 'g');
    expect(made).toBeInstanceOf(RegistryUnavailableError);
    expect(made).toMatchObject({ message: 'no', code: error.code, gateId: 'g', details: { a: 1, skippable: true } });
  });
});
