import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ok, type RestResource } from '../../../src/rest/resource.ts';
import { RestServer } from '../../../src/rest/rest-server.ts';

const things: RestResource = { path: '/things', methods: { GET: async () => ok({ name: 'é' }) } };
const stream: RestResource = {
  path: '/stream',
  methods: {
    GET: async () => ({
      status: 200,
      stream: {
        type: 'text/event-stream',
        open: ({ send }) => {
          send('é\n');
          return () => {};
        },
      },
    }),
  },
};

const { logger, lines } = recordingLogger();
const server = new RestServer({ resources: [things, stream], clock: systemClock, stage: () => '', logger });
afterEach(() => server.close());

describe('AccessLog', () => {
  it('counts the bytes of the body, not of the headers: of an answer, of none, of an error and of a stream', async () => {
    const [port] = await server.listen([{ scheme: 'http', host: '127.0.0.1', port: 0 }] as never);
    const base = `http://127.0.0.1:${port}`;
    const body = await (await fetch(`${base}/things`)).text();
    await (await fetch(`${base}/things`, { method: 'HEAD' })).text();
    const missing = await (await fetch(`${base}/nothing`)).text();
    const open = await fetch(`${base}/stream`);
    await server.close();
    await open.text();
    const logged = lines.map(({ message }) => /"(\w+ \S+) HTTP\/1.1" (\d+) (\d+) /.exec(message)?.slice(1));
    expect(logged).toEqual([
      ['GET /things', '200', String(Buffer.byteLength(body))],
      ['HEAD /things', '200', '0'],
      ['GET /nothing', '404', String(missing.length)],
      ['GET /stream', '200', '3'],
    ]);
    expect(Buffer.byteLength(body)).toBe(13);
  });
});
