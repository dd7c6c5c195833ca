/** One line per request in the extended NCSA format with the elapsed ms behind it, as Kafka Connect 4.1.1 logs it (1.1). */
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
    response.once('close', () => {
      const elapsed = Math.round(this.clock.monotonic() - began);
      const bytes = Number(response.getHeader('content-length') ?? 0);
      const line = `${request.method} ${request.url} HTTP/${request.httpVersion}`;
      const { referer, 'user-agent': agent } = request.headers;
      this.logger.info(
        `${client} - - [${ncsaTime(at)}] "${escaped(line)}" ${response.statusCode} ${bytes} "${escaped(referer)}" "${escaped(agent)}" ${elapsed}`,
      );
    });
  }
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
