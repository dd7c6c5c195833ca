import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { RestSite } from '../../../src/rest/rest-site.ts';
import { rootResources } from '../../../src/rest/root-resource.ts';
import type { Herder, HerderHealth } from '../../../src/runtime/herder/herder.ts';

const STAGE = 'The worker is currently restarting connector c, which began at 2026-11-29T00:00:00.000Z.';

function open(answers: (Promise<HerderHealth> | HerderHealth)[]) {
  const clock = new ManualClock();
  const herder = { health: async () => answers.shift(), stage: () => STAGE } as unknown as Herder;
  const resources = rootResources({ herder, version: '1', clock });
  const site = new RestSite({ resources, clock, logger: silentLogger, stage: () => '' });
  const ask = async (): Promise<readonly [number, unknown]> => {
    const { status, body } = await site.inject({ method: 'GET', url: '/health' });
    return [status, JSON.parse(body)];
  };
  return { ask, clock };
}

const hangs = (): Promise<HerderHealth> => new Promise(() => {});

describe('GET /health', () => {
  it('says what the herder answers', async () => {
    const { ask, clock } = open([
      { status: 'starting', detail: 'It waits.' },
      { status: 'healthy', detail: '' },
    ]);
    expect(await ask()).toEqual([503, { status: 'starting', message: 'Worker is still starting up. It waits.' }]);
    expect(await ask()).toEqual([
      200,
      { status: 'healthy', message: 'Worker has completed startup and is ready to handle requests.' },
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ['starting', 503, [], 'Worker is still starting up.'],
    [
      'unhealthy',
      500,
      [{ status: 'healthy', detail: '' }] as HerderHealth[],
      'Worker was unable to handle this request and may be unable to handle other requests.',
    ],
  ] as const)(
    'says %s after 10 s without an answer, and at what the herder is',
    async (status, code, before, message) => {
      const { ask, clock } = open([...before, hangs()]);
      for (const _ of before) await ask();
      const answer = ask();
      while (clock.pendingTimers < 2) await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(10_000);
      expect(await answer).toEqual([code, { status, message: `${message} ${STAGE}` }]);
    },
  );
});
