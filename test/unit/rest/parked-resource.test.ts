import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { parkedResources } from '../../../src/rest/parked-resource.ts';
import { RestServer } from '../../../src/rest/rest-server.ts';
import type { Herder } from '../../../src/runtime/herder/herder.ts';
import { NOT_SKIPPABLE } from '../../../src/runtime/sink/skipped-record.ts';
import { ConnectError, NotFoundError } from '../../../src/sdk/errors/index.ts';

function open(outcome: () => void = () => {}) {
  const calls: unknown[] = [];
  const herder: Pick<Herder, 'skipParkedRecord'> = {
    skipParkedRecord: async (...call) => {
      calls.push(call);
      outcome();
    },
  };
  const resources = parkedResources({ herder: herder as Herder });
  const server = new RestServer({ resources, clock: new ManualClock(), logger: silentLogger, stage: () => '' });
  const post = (body: unknown, task = '1') => postText(JSON.stringify(body), task);
  const postText = async (payload: string, task = '1') => {
    const answer = await server.inject({
      method: 'POST',
      url: `/connectors/c/tasks/${task}/parked/skip`,
      payload,
      headers: { 'content-type': 'application/json' },
    });
    return { status: answer.status, message: answer.body === '' ? '' : JSON.parse(answer.body).message };
  };
  return { calls, post, postText };
}

const RECORD = { topic: 'orders', partition: 0, offset: 42 };

describe('POST /connectors/{connector}/tasks/{task}/parked/skip', () => {
  it('has the one record skipped', async () => {
    const { calls, post } = open();
    expect(await post(RECORD)).toEqual({ status: 204, message: '' });
    expect(calls).toEqual([[{ connector: 'c', task: 1 }, RECORD]]);
  });

  it.each([
    [null, /"topic"/],
    [{ ...RECORD, topic: '' }, /"topic" must be a topic name/],
    [{ ...RECORD, partition: -1 }, /"partition"/],
    [{ ...RECORD, offset: '42' }, /"offset"/],
    [{ topic: 't', partition: 0 }, /"offset"/],
  ])('answers 400 to %j', async (body, message) => {
    const { calls, post } = open();
    expect(await post(body)).toMatchObject({ status: 400, message: expect.stringMatching(message) });
    expect(calls).toEqual([]);
  });

  it.each(['', 'orders 0 42', '{"topic": "s3cret'])('answers 400 to a body that is no JSON: %j', async (text) => {
    const { calls, postText } = open();
    const { status, message } = await postText(text);
    expect(status).toBe(400);
    expect(message).not.toContain('s3cret');
    expect(calls).toEqual([]);
  });

  it('answers 409 for what does not wait there, and 404 for what does not exist', async () => {
    const conflict = open(() => {
      throw new ConnectError('it waits at offset 7', { code: NOT_SKIPPABLE });
    });
    expect(await conflict.post(RECORD)).toEqual({ status: 409, message: 'it waits at offset 7' });
    const missing = open(() => {
      throw new NotFoundError('Task c-1 not found');
    });
    expect(await missing.post(RECORD)).toMatchObject({ status: 404 });
    expect(await open().post(RECORD, 'x')).toMatchObject({ status: 404 });
  });
});
