import { describe, expect, it } from 'vitest';
import { contentChanged, idLost, idsWentBack, otherContents } from '../../../src/registry/integrity-errors.ts';

const text = (schema: string) => ({ schemaType: 'AVRO', schema, references: [] }) as const;
const changed = {
  id: 7,
  context: '',
  subject: 's' as string | undefined,
  node: 'http://a',
  before: { text: text('"int"'), fingerprint: '0123456789abcdef' },
  text: text('"long"'),
  fingerprint: 'fedcba9876543210',
};

describe('an integrity error', () => {
  it('says which id, where, what it was and what it is', () => {
    const error = contentChanged(changed);
    expect(error.message).toMatch(
      /^Schema id 7 \(subject s\) resolves to other content at http:\/\/a than before: it was "int" \[0123456789ab\] and is now "long" \[fedcba987654\]\./,
    );
    expect(error).toMatchObject({
      code: 'holdfast.registry.content-changed',
      details: {
        id: 7,
        context: '',
        subject: 's',
        node: 'http://a',
        before: '0123456789abcdef',
        now: 'fedcba9876543210',
      },
    });
  });

  it('names the context where there is no subject, unless it is the default one', () => {
    expect(contentChanged({ ...changed, subject: undefined, context: 'x' }).message).toContain(
      'id 7 (context x) resolves',
    );
    expect(contentChanged({ ...changed, subject: undefined }).message).toContain('id 7 resolves');
    expect(contentChanged({ ...changed, context: 'x' }).message).toContain('id 7 (subject s) resolves');
  });

  it('cuts long texts', () => {
    const [whole, long] = ['x'.repeat(200), 'y'.repeat(201)];
    const { message } = contentChanged({
      ...changed,
      before: { ...changed.before, text: text(whole) },
      text: text(long),
    });
    expect(message).toContain(`it was ${whole} [`);
    expect(message).toContain(`is now ${'y'.repeat(200)}… [`);
  });

  it('of a lost id says what the schema is now', () => {
    const lost = {
      id: 7,
      context: '',
      subject: 's',
      node: 'http://a',
      fingerprint: '0123456789abcdef',
      reason: 'it is denied',
    };
    expect(idLost({ ...lost, now: null }).message).toMatch(
      /^Schema id 7 \(subject s\) \[0123456789ab\] was acknowledged, but it is denied at http:\/\/a, and the registry does not take the schema again\./,
    );
    expect(idLost({ ...lost, now: 9 })).toMatchObject({
      message: expect.stringContaining('and the schema has id 9 now.'),
      code: 'holdfast.registry.id.lost',
      details: { id: 7, now: 9, fingerprint: '0123456789abcdef' },
    });
  });

  it('of the whole registry is marked so', () => {
    expect(idsWentBack({ id: 5, highest: 9, context: '', subject: 's', node: 'http://a' })).toMatchObject({
      message: expect.stringContaining('gave out id 5 (subject s) at http://a, although it gave out id 9 before'),
      details: { id: 5, highest: 9, registry: true },
    });
    expect(otherContents([1, 2], ['the first', 'the second'])).toMatchObject({
      message: expect.stringMatching(/^The schema ids 1, 2 all resolve .* the first$/),
      details: { ids: [1, 2], registry: true },
    });
    expect(otherContents([1], []).message).toMatch(/restart the worker\. $/);
  });
});
