/** Bodies of several requests under way at once: together they are bounded, and what is beyond is refused without being read. */
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { Deferred } from '../../src/foundation/deferred.ts';
import { type LogLine, loggerOver } from '../../src/foundation/logger.ts';
import { ok } from '../../src/rest/resource.ts';
import { RestServer } from '../../src/rest/rest-server.ts';
import { freePort } from '../support/ports.ts';
import { RawClients } from '../support/raw-client.ts';

const LIMIT = 100_000;
const MESSAGE =
  'The bodies of all requests that are under way are more than the 100000 bytes that the REST API holds at once. Send the request again in 5 seconds.';
const HEAD = 'POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

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
      {
        path: '/things',
        methods: {
          POST: async (request) => {
            heard++;
            const { length } = request.body as string;
            await held.promise;
            return ok(length);
          },
        },
      },
    ],
    clock: systemClock,
    stage: () => '',
    logger: loggerOver((line) => lines.push(line)),
    maxHeldBodyBytes: LIMIT,
  });
  const [port = 0] = await server.listen([{ scheme: 'http', host: '127.0.0.1', port: await freePort() }]);
  return { port, lines, held, heard: () => heard };
}

const client = (port: number, send = '') => clients.open(port, send);

const json = (length: number): string => JSON.stringify('a'.repeat(length - 2));
const whole = (length: number): string => `${HEAD}Content-Length: ${length}\r\n\r\n${json(length)}`;
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

const until = (look: () => boolean): Promise<void> =>
  expect.poll(look, { timeout: 10_000 }).toBe(true) as Promise<void>;

describe('bodies beyond what is held at once', () => {
  it('are refused, announced or not, before the rest of them comes, until others are answered', async () => {
    const { port, lines, held, heard } = await open();
    const first = await client(port, whole(60_000));
    await until(() => heard() === 1);
    // Neither ends its body: the answer can't have waited for that.
    const announced = await client(port, `${HEAD}Content-Length: 50000\r\n\r\n"a`);
    const inChunks = await client(port, `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk('a'.repeat(50_000))}`);
    for (const refused of [announced, inChunks]) {
      await until(() => refused.isClosed);
      const [head = '', body = ''] = refused.seen.split('\r\n\r\n');
      expect(head).toMatch(/^HTTP\/1\.1 503 /);
      expect(head).toMatch(/^retry-after: 5$/im);
      expect(head).toMatch(/^connection: close$/im);
      expect(head).toMatch(/^content-type: application\/json$/im);
      expect(JSON.parse(body)).toEqual({ error_code: 503, message: MESSAGE });
    }
    expect(lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      'The REST API holds as many bytes of bodies as it takes. Further requests are refused.',
    ]);
    const small = await client(port, whole(30_000));
    await until(() => heard() === 2);
    held.resolve();
    await until(() => first.seen.endsWith('59998') && small.seen.endsWith('29998'));
    const next = await client(port, whole(90_000));
    await until(() => next.seen.endsWith('89998'));
  });

  it('count what has come, also in pieces, and no longer when their client is gone', async () => {
    const { port, held, heard } = await open();
    held.resolve();
    // What is only announced keeps nobody out.
    const slow = await client(port, `${HEAD}Content-Length: 90000\r\n\r\n`);
    const pieces = Array.from(json(90_000), (letter) => `1\r\n${letter}\r\n`).join('');
    const tiny = await client(port, `${HEAD}Transfer-Encoding: chunked\r\n\r\n${pieces}0\r\n\r\n`);
    await until(() => tiny.seen.endsWith('89998'));
    const gone = await client(port, `${HEAD}Content-Length: 90001\r\n\r\n${json(90_000)}`);
    slow.socket.destroy();
    gone.socket.destroy();
    await expect
      .poll(
        async () => {
          const late = await client(port, whole(95_000).replace('\r\n', '\r\nConnection: close\r\n'));
          await until(() => late.isClosed);
          return late.seen.endsWith('94998');
        },
        { timeout: 20_000 },
      )
      .toBe(true);
    expect(heard()).toBe(2);
  });
});
