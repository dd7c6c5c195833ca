/** What is answered to bytes that Node's parser takes for no request: they come to no resource, and the connection is closed. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type JettyError, refusedTargetAnswer } from './jetty-error.ts';

/** As Node's event `clientError` has it. */
interface UnreadableRequest extends Error {
  readonly code?: string;
  /** Of the parser: at which part it stopped. */
  readonly reason?: string;
  /** What the socket gave last; earlier requests and a part of this one may stand in it. */
  readonly rawPacket?: Buffer;
  /** Where in it the parser stopped. */
  readonly bytesParsed?: number;
}

/**
 * Closes the socket in any case; at once where what was answered before has not gone out yet.
 * @param isAnswered the answer to an earlier request has begun on the socket, and nothing can be put in between
 */
export function answerUnreadable(error: UnreadableRequest, socket: Duplex, isAnswered: boolean): void {
  const { code = '' } = error;
  // Everything else, a failed handshake say, is not of HTTP.
  const isOfHttp = code.startsWith('HPE_') || code === 'ERR_HTTP_REQUEST_TIMEOUT';
  if (!isOfHttp || isAnswered || !socket.writable || socket.writableLength > 0) {
    socket.destroy();
    return;
  }
  const status = statusOf(code);
  const { headers, body } = code === 'HPE_INVALID_URL' ? targetAnswer(error) : { headers: {}, body: '' };
  const length = body === '' ? {} : { 'content-length': `${Buffer.byteLength(body)}` };
  const lines = Object.entries({ connection: 'close', ...headers, ...length }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`, () =>
    socket.destroy(),
  );
}

function statusOf(code: string): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return 413;
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
}

/** A byte beyond ASCII in a path has upstream's page; upstream takes it in a query, where the parser does not. */
function targetAnswer({ reason = '', rawPacket = Buffer.alloc(0), bytesParsed = 0 }: UnreadableRequest): JettyError {
  if (!/url path/.test(reason) || (rawPacket[bytesParsed] ?? 0) < 0x80) {
    const message = 'The target of the request has a character that must be percent-encoded.';
    return { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ error_code: 400, message }) };
  }
  const line = rawPacket.subarray(rawPacket.lastIndexOf('\n', bytesParsed) + 1, bytesParsed).toString('latin1');
  const method = /^([A-Z]+) /.exec(line)?.[1] ?? '';
  const page = refusedTargetAnswer(method, { status: 400, message: 'Illegal Path Character', uri: '/badURI' });
  return method === 'HEAD' ? { ...page, body: '' } : page;
}
