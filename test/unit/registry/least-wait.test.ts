import { describe, expect, it } from 'vitest';
import type { FailureClass } from '../../../src/registry/failure-classes.ts';
import { withLeastWait } from '../../../src/registry/least-wait.ts';
import type { CallResult } from '../../../src/registry/node-exchange.ts';

const answer = (verdict: FailureClass, more: Partial<CallResult> = {}): CallResult => ({
  verdict,
  node: 'http://a',
  status: 503,
  errorCode: undefined,
  json: undefined,
  reason: 'HTTP 503',
  ...more,
});
const away = (retryAfterMs?: number, more: Partial<CallResult> = {}): CallResult =>
  answer({ class: 'park', outcomeUnknown: false, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }, more);
const silent = away(undefined, { status: undefined, transport: 'connect' });

describe('how long a registry wants to be left alone', () => {
  it('is the least that its nodes ask for, whoever answered last', () => {
    const [long, short] = [away(60_000), away(2000)];
    expect(withLeastWait(long, [short, long])).toEqual(short);
    expect(withLeastWait(short, [long, short])).toEqual(short);
  });

  it('is nothing when a node that answered names no time', () => {
    const long = away(60_000);
    expect(withLeastWait(long, [long, away()])).toEqual(away());
    expect(withLeastWait(long, [long, answer({ class: 'config' }, { status: 404 })])).toEqual(away());
  });

  it('does not depend on nodes that gave no answer', () => {
    const long = away(60_000);
    expect(withLeastWait(long, [silent, long])).toEqual(long);
    expect(withLeastWait(silent, [silent, long])).toEqual({ ...silent, verdict: long.verdict });
  });

  it('is not known, and so nothing, when none answered', () => {
    const stale = away(60_000, { status: undefined });
    expect(withLeastWait(stale, [stale, silent])).toEqual(away(undefined, { status: undefined }));
  });

  it('is left as it is in an answer that settles the question, or of who issues the credentials', () => {
    const good = answer({ class: 'ok' }, { status: 200 });
    expect(withLeastWait(good, [away(5), good])).toBe(good);
    const issuer = away(60_000, { status: undefined, issuer: 'away' });
    expect(withLeastWait(issuer, [away(5), issuer])).toBe(issuer);
  });

  it('leaves the rest of the verdict as it is', () => {
    const doubtful = answer({ class: 'park', outcomeUnknown: true, misleading: true, retryAfterMs: 9000 });
    expect(withLeastWait(doubtful, [doubtful, away(5)]).verdict).toEqual({
      class: 'park',
      outcomeUnknown: true,
      misleading: true,
      retryAfterMs: 5,
    });
  });
});
