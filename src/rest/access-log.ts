/** One line per request in the extended NCSA format with the elapsed ms behind it, as Kafka Connect 4.1.1 logs it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';

/** Upstream's logger, so that what filters it goes on to work. */
export const ACCESS_LOGGER = 'org.apache.kafka.connect.runtime.rest.RestServer';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

export class AccessLog {
  private readonly clock: Clock;
  private readonly logger: Logger;

  constructor(options: { readonly clock: Clock; readonly logger: Logger }) {
    this.clock = options.clock;
    this.logger = options.logger.child({ name: ACCESS_LOGGER });
  }

  /** Writes the line when the answer is over, or the client gone. */
  watch(request: IncomingMessage, response: ServerResponse): void {
    if (!this.logger.isLevelEnabled('info')) return;
    const at = this.clock.now();
    const began = this.clock.monotonic();
    const client = request.socket.remoteAddress ?? '-';
    const sent = countBody(request, response);
    response.once('close', () => {
      const elapsed = Math.round(this.clock.monotonic() - began);
      const line = `${request.method} ${request.url} HTTP/${request.httpVersion}`;
      const { referer, 'user-agent': agent } = request.headers;
      this.logger.info(
        `${client} - - [${ncsaTime(at)}] "${escaped(line)}" ${response.statusCode} ${sent.bytes} "${escaped(referer)}" "${escaped(agent)}" ${elapsed}`,
      );
    });
  }
}

/**
 * What is written of the body, in bytes, as Jetty's `%O` counts. No header tells: those that go to `writeHead` can't be asked for afterwards,
 * and a stream has no length.
 */
function countBody(request: IncomingMessage, response: ServerResponse): { readonly bytes: number } {
  const sent = { bytes: 0 };
  if (request.method === 'HEAD') return sent;
  const counted =
    <A extends unknown[], R>(write: (...args: A) => R) =>
    (...args: A): R => {
      const [chunk, encoding] = args;
      if (typeof chunk === 'string') {
        sent.bytes += Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
      } else if (chunk instanceof Uint8Array) sent.bytes += chunk.byteLength;
      return write(...args);
    };
  response.write = counted(response.write.bind(response)) as ServerResponse['write'];
  response.end = counted(response.end.bind(response)) as ServerResponse['end'];
  return sent;
}

function escaped(text: string | undefined): string {
  return text === undefined ? '-' : text.replaceAll(/["\\]/g, '\\$&');
}

/** `29/Nov/2026:04:35:23 +0000` */
function ncsaTime(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  return `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:${time} +0000`;
}
