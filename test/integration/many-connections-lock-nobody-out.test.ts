/** Connections by the hundred that say nothing, never end a request, or don't wait for answers: the REST API goes on, and has a bound. */
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { Deferred } from '../../src/foundation/deferred.ts';
import { type LogLine, loggerOver } from '../../src/foundation/logger.ts';
import { ok } from '../../src/rest/resource.ts';
import { RestServer } from '../../src/rest/rest-server.ts';
import { freePort } from '../support/ports.ts';
import { type RawClient, RawClients } from '../support/raw-client.ts';

const LIMIT = 20;
const GET = 'GET /things HTTP/1.1\r\nHost: x\r\n\r\n';

let server: RestServer | undefined;
const clients = new RawClients();
afterEach(async () => {
  clients.close();
  await server?.close(0);
});

async function open() {
  const lines: LogLine[] = [];
  const held = new Deferred();
  let heard = 0;
  server = new RestServer({
    resources: [
      { path: '/things', methods: { GET: async () => ok([1]), POST: async () => ok([3]) } },
      {
        path: '/held',
        methods: {
          GET: async () => {
            heard++;
            await held.promise;
            return ok([2]);
          },
        },
      },
    ],
    clock: systemClock,
    stage: () => '',
    logger: loggerOver((line) => lines.push(line)),
    maxConnections: LIMIT,
  });
  const [port = 0] = await server.listen([{ scheme: 'http', host: '127.0.0.1', port: await freePort() }]);
  return { port, lines, held, heard: () => heard };
}

const client = (port: number, send = '') => clients.open(port, send);

const until = (look: () => boolean): Promise<void> =>
  expect.poll(look, { timeout: 20_000 }).toBe(true) as Promise<void>;

describe('connections beyond the limit', () => {
  it('close those that have been quiet for longest, not one that is being answered, and say so once', async () => {
    const { port, lines, held, heard } = await open();
    const waiting = await client(port, GET.replace('/things', '/held'));
    await until(() => heard() === 1);
    const kept = await client(port, GET);
    await until(() => kept.seen.includes('[1]'));
    const mute: RawClient[] = [];
    for (let n = 0; n < 3 * LIMIT; n++) mute.push(await client(port, n % 2 === 0 ? '' : 'GET /things HTTP/1.1\r\nX: '));
    await until(() => kept.isClosed && mute.filter(({ isClosed }) => isClosed).length === 2 * LIMIT + 1);
    expect(mute.slice(0, 2 * LIMIT + 1).every(({ isClosed }) => isClosed)).toBe(true);
    const late = await client(port, GET);
    await until(() => late.seen.includes('[1]'));
    expect(waiting.isClosed).toBe(false);
    held.resolve();
    await until(() => waiting.seen.includes('[2]'));
    expect(lines.filter(({ message }) => message.includes('as many connections as it takes'))).toMatchObject([
      { level: 'warn', fields: { limit: LIMIT } },
    ]);
  });

  it('close the new one where all are being answered', async () => {
    const { port, held, heard } = await open();
    const busy: RawClient[] = [];
    for (let n = 0; n < LIMIT; n++) busy.push(await client(port, GET.replace('/things', '/held')));
    await until(() => heard() === LIMIT);
    const probe = await client(port, GET);
    await until(() => probe.isClosed);
    expect(busy.some(({ isClosed }) => isClosed)).toBe(false);
    held.resolve();
    await until(() => busy.every(({ seen }) => seen.includes('[2]')));
  });

  it('close those on which a body never comes to its end', async () => {
    const { port } = await open();
    const slow: RawClient[] = [];
    const send = 'POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n';
    for (let n = 0; n < LIMIT; n++) {
      slow.push(
        await client(port, `${send}${n % 2 === 0 ? 'Content-Length: 10' : 'Transfer-Encoding: chunked'}\r\n\r\n`),
      );
    }
    await until(() => slow.every(({ seen }) => seen.includes('100 Continue')));
    const probe = await client(port, GET);
    await until(() => probe.seen.includes('[1]'));
    await until(() => slow.some(({ isClosed }) => isClosed));
  });

  it('are not reached by requests that do not wait for answers, which are answered in their order', async () => {
    const { port } = await open();
    const asking = await client(port, GET.repeat(50));
    await until(() => asking.seen.split('HTTP/1.1 200 ').length === 51);
    expect(asking.isClosed).toBe(false);
    const old = await client(port, 'GET /things HTTP/1.0\r\n\r\n');
    await until(() => old.isClosed);
    expect(old.seen).toMatch(/^HTTP\/1\.[01] 200 /);
  });
});
