import { describe, expect, it } from 'vitest';
import { RegistryUnavailableError, SchemaRejectedError } from '../../../src/registry/registry-errors.ts';
import {
  answerToWire,
  parseRegistryMessage,
  type RegistryAnswer,
  schemaAnswerOf,
} from '../../../src/registry/registry-messages.ts';
import { errorToWire } from '../../../src/sdk/errors/index.ts';

const schema = { id: 1, schemaType: 'AVRO', schema: '"int"', references: [] } as const;
const known: RegistryAnswer = { kind: 'known', schema, acknowledgement: { at: 1, epoch: 'e' } };

describe('an answer', () => {
  it('comes over as it is when the schema is known', () => {
    expect(answerToWire(known)).toBe(known);
    expect(schemaAnswerOf(answerToWire(known))).toEqual({ kind: 'known', schema });
  });

  it('comes over with its error', () => {
    const waiting = new RegistryUnavailableError('wait', { gateId: 'g' });
    const over = schemaAnswerOf(
      structuredClone(answerToWire({ kind: 'waiting', gateId: 'g', fromFuture: false, error: waiting })),
    );
    expect(over).toMatchObject({ kind: 'waiting', error: { message: 'wait', gateId: 'g' } });
    const rejected = new SchemaRejectedError('no');
    expect(schemaAnswerOf(structuredClone(answerToWire({ kind: 'refused', error: rejected })))).toMatchObject({
      kind: 'refused',
      error: { message: 'no', code: rejected.code },
    });
  });

  it('waits when its error is a mistake of ours: never the record’s fault', () => {
    const answer = schemaAnswerOf({ kind: 'refused', error: errorToWire(new TypeError('oops')) });
    expect(answer).toMatchObject({ kind: 'waiting', error: { message: 'oops' } });
    expect('error' in answer && answer.error).toBeInstanceOf(RegistryUnavailableError);
  });
});

describe('a message', () => {
  const ask = (...questions: readonly unknown[]) => ({ kind: 'ask', config: {}, view: 'v', questions });
  const questions: readonly Record<string, unknown>[] = [
    { kind: 'by-id', id: 1 },
    { kind: 'by-guid', guid: 'g' },
    { kind: 'with-metadata', subject: 's', metadata: {} },
    { kind: 'version', subject: 's', version: 1 },
    { kind: 'register', subject: 's', schema },
    { kind: 'lookup', subject: 's', schema },
  ];

  it('asks questions, or withdraws a view', () => {
    const withdraw = { kind: 'withdraw', config: {}, view: 'v' };
    for (const message of [ask(...questions), ask(), withdraw, { ...withdraw, questions }]) {
      expect(parseRegistryMessage(message)).toBe(message);
    }
  });

  it.each<[unknown]>([
    [undefined],
    [null],
    ['ask'],
    [{ ...ask(), view: 1 }],
    [{ ...ask(), config: null }],
    [{ ...ask(), config: 'x' }],
    [{ ...ask(), kind: 'other' }],
    [{ ...ask(), questions: {} }],
    [{ kind: 'withdraw', config: {} }],
    [{ kind: 'withdraw', config: {}, view: 'v', questions: ['by-id'] }],
    [ask(...questions, null)],
    [ask('by-id')],
    [ask({ kind: 'other', subject: 's', schema })],
  ])('is nothing else: %j', (body) => {
    expect(parseRegistryMessage(body)).toBeUndefined();
  });

  it.each(questions)('is none when a part of a question is missing: %j', (question) => {
    for (const part of Object.keys(question)) {
      expect([part, parseRegistryMessage(ask({ ...question, [part]: undefined }))]).toEqual([part, undefined]);
      expect([part, parseRegistryMessage(ask({ ...question, [part]: null }))]).toEqual([part, undefined]);
    }
  });
});
