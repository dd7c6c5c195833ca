import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import type { StreamClient } from '../../src/rest/resource.ts';
import { RestServer } from '../../src/rest/rest-server.ts';
import { EventSourceClient } from '../support/event-source.ts';

const PIECE = `data: "${'x'.repeat(64 * 1024)}"\n\n`;

it('a client of a stream that does not read is cut off, and the others go on', async () => {
  const clients: StreamClient[] = [];
  const over: number[] = [];
  const server = new RestServer({
    clock: systemClock,
    logger: silentLogger,
    stage: () => '',
    resources: [
      {
        path: '/stream',
        produces: ['text/event-stream'],
        methods: {
          GET: async () => ({
            status: 200,
            stream: {
              type: 'text/event-stream',
              open: (client) => {
                const number = clients.push(client) - 1;
                return () => over.push(number);
              },
            },
          }),
        },
      },
    ],
  });
  const [port = 0] = await server.listen([{ scheme: 'http', host: '127.0.0.1', port: 0 }]);
  const deaf = connect(port, '127.0.0.1');
  const closed = once(deaf, 'close');
  deaf.on('error', () => {});
  deaf.write('GET /stream HTTP/1.1\r\nhost: here\r\n\r\n');
  await expect.poll(() => clients.length).toBe(1);
  deaf.pause();
  const reader = await EventSourceClient.open(`http://127.0.0.1:${port}/stream`);
  await expect.poll(() => clients.length).toBe(2);

  // The kernel takes some megabytes for the one that doesn't read; the server then holds one more for it.
  let sent = 0;
  while (over.length === 0 && sent < 1000) {
    for (const client of clients) client.send(PIECE);
    sent += 1;
    await nextTurn();
    await expect.poll(() => reader.text.length, { interval: 1 }).toBe(sent * PIECE.length);
  }
  expect(over).toEqual([0]);
  expect(sent).toBeLessThan(1000);
  clients[0]?.send(PIECE);
  clients[1]?.send(PIECE);
  await expect.poll(() => reader.events.length).toBe(sent + 1);

  deaf.resume();
  await closed;
  await server.close();
  await expect.poll(() => reader.end).toBe('ended');
  expect(over).toEqual([0, 1]);
});
