import { expect, it } from 'vitest';
import { EmbeddedConnect } from '../../../src/testing/embedded-connect.ts';

const { waitFor } = EmbeddedConnect.prototype;

it.each<[string, () => Promise<unknown>, unknown]>([
  ['answered', async () => null, null],
  ['threw', () => Promise.reject(new Error('the status answered 404')), new Error('the status answered 404')],
])('a wait that is given up tells what the last look %s', async (_, look, cause) => {
  await expect(waitFor('a task', look, -1)).rejects.toMatchObject({
    message: 'a task did not come true within -1 ms',
    cause,
  });
});

it('a wait resolves with what the look found, after looks that found nothing or threw', async () => {
  const looks = [async () => false as const, () => Promise.reject(new Error('not yet')), async () => 'found'];
  expect(await waitFor('it', () => looks.shift()?.() ?? Promise.resolve(null))).toBe('found');
});
