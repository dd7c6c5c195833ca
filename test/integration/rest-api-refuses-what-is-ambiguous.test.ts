/** Requests that two servers could read in two ways, and ones that are too large, over real sockets: one answer, and no second request. */
import { connect as connectTo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { tempDir } from '../support/temp-dir.ts';

let connect: EmbeddedConnect;

beforeAll(async () => {
  connect = await EmbeddedConnect.start({ dir: tempDir('ambiguous') });
}, 60_000);
afterAll(() => connect?.stop());

/** Sends the bytes, and collects what comes until the server closes. */
function send(...pieces: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(connect.url);
  return new Promise((resolve) => {
    const socket = connectTo(Number(port), hostname);
    let seen = '';
    socket.on('data', (bytes) => {
      seen += bytes.toString('latin1');
    });
    // What is still being sent when the server has closed.
    socket.on('error', () => {});
    socket.on('close', () => resolve(seen));
    for (const piece of pieces) socket.write(piece, 'latin1');
  });
}

function statuses(answer: string): number[] {
  return [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

const HOST = 'Host: x\r\n';
const CLOSE = 'Connection: close\r\n';
const JSON_TYPE = 'Content-Type: application/json\r\n';
const SMUGGLED = 'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

describe('the REST API', () => {
  it.each([
    ['a length and chunks', `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two lengths', `Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} `],
    ['a length with a sign', `Content-Length: +2\r\n\r\n{}`],
    ['chunks that are not last', `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    ['a blank before the colon', `Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`],
    ['a header that goes on', `X: a\r\n b\r\nContent-Length: 0\r\n\r\n`],
    ['a NUL in a header', `X: a\0b\r\nContent-Length: 0\r\n\r\n`],
    ['two hosts', `Host: y\r\n${CLOSE}Content-Length: 0\r\n\r\n`],
  ])('answers 400 to %s, and to nothing after it', async (_, rest) => {
    const answer = await send(`POST /connectors HTTP/1.1\r\n${HOST}${JSON_TYPE}${rest}`, SMUGGLED);
    expect(statuses(answer)).toEqual([400]);
  });

  it.each([
    ['a host that is a path', 'GET /connectors HTTP/1.1\r\nHost: a/b\r\n', 400],
    ['a host with a user', 'GET /connectors HTTP/1.1\r\nHost: u@x\r\n', 400],
    ['another host in the line', `GET http://y/connectors HTTP/1.1\r\n${HOST}`, 400],
    ['a line break in the path', `GET /connectors/x%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\n${HOST}`, 400],
    ['a way out', `GET /connectors/..;/..;/x HTTP/1.1\r\n${HOST}`, 400],
    ['headers of 20 KiB', `GET /connectors HTTP/1.1\r\n${HOST}X: ${'a'.repeat(20_000)}\r\n`, 431],
  ])('answers %s', async (_, head, status) => {
    const answer = await send(`${head}${CLOSE}\r\n`);
    expect(statuses(answer)).toEqual([status]);
    expect(answer).not.toMatch(/^set-cookie/im);
  });

  it('answers a path with a byte beyond ASCII as Kafka Connect does, and a query with one in JSON', async () => {
    const ask = async (line: string) => {
      const answer = await send(`${line} HTTP/1.1\r\n${HOST}\r\n`, SMUGGLED);
      expect(statuses(answer)).toEqual([400]);
      const [head = '', body = ''] = answer.split('\r\n\r\n');
      expect(head).toMatch(/^connection: close$/im);
      return [/^content-type: (.*)$/im.exec(head)?.[1], body] as const;
    };
    for (const line of ['GET /connectors/caf\xc3\xa9', 'POST /connectors/\xe9?a']) {
      const [type, page] = await ask(line);
      expect(type).toBe('text/html;charset=iso-8859-1');
      expect(page).toContain('<tr><th>MESSAGE:</th><td>Illegal Path Character</td></tr>');
    }
    for (const method of ['PUT', 'DELETE']) expect(await ask(`${method} /caf\xc3\xa9`)).toEqual([undefined, '']);
    const [type, body] = await ask('GET /connectors?a=\xe9');
    expect([type, JSON.parse(body)]).toEqual([
      'application/json',
      { error_code: 400, message: 'The target of the request has a character that must be percent-encoded.' },
    ]);
  });

  it('answers 413 to a body of more than 32 MiB, announced or not, and goes on', async () => {
    const post = `POST /connectors HTTP/1.1\r\n${HOST}${JSON_TYPE}`;
    expect(statuses(await send(`${post}Content-Length: 33554433\r\n\r\n`))).toEqual([413]);
    const chunk = `100000\r\n${'a'.repeat(0x100000)}\r\n`;
    const chunks = Array.from({ length: 34 }, () => chunk);
    expect(statuses(await send(`${post}Transfer-Encoding: chunked\r\n\r\n`, ...chunks, '0\r\n\r\n'))).toEqual([413]);
    expect((await connect.request('GET', '/connectors')).body).toEqual([]);
  });

  it('keeps the names that clients choose out of prototypes, headers and lines of the log', async () => {
    const config = { 'connector.class': 'FileStreamSource', topic: 't', file: '/nonexistent' };
    const body = `{"name":"__proto__","config":${JSON.stringify(config).replace('{', '{"__proto__":"x",')}}`;
    const created = await fetch(`${connect.url}/connectors`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe(`${connect.url}/connectors/__proto__`);
    expect(await (await fetch(`${connect.url}/connectors/__proto__/config`)).text()).toContain('"__proto__":"x"');
    expect((await connect.request('GET', '/connectors/constructor')).status).toBe(404);
    for (const name of ['a\nb', 'a\u001b[2Jb', 'a\u0085b']) {
      expect((await connect.request('POST', '/connectors', { name, config })).status, JSON.stringify(name)).toBe(400);
    }
    expect((await connect.request('DELETE', '/connectors/__proto__')).status).toBe(204);
  });
});
