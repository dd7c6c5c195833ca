/** Cross-origin requests, as the server of Kafka Connect 4.1.1 answers them: `access.control.allow.origin` and `.methods`. */
import { ConfigError } from '../sdk/errors/kinds.ts';

const MAX_AGE_S = 60;

export interface CorsRequest {
  readonly method: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export class CrossOrigin {
  private readonly any: boolean;
  private readonly origins: readonly RegExp[];
  private readonly methods: readonly string[];

  /**
   * @param options.origins comma list of patterns; a page whose whole origin matches one is let in, `*` lets in all
   * @param options.methods comma list; blank for GET, POST and HEAD
   * @throws ConfigError for a pattern that is none
   */
  constructor(options: { readonly origins: string; readonly methods: string }) {
    const patterns = listOf(options.origins);
    this.any = patterns.includes('*');
    this.origins = patterns.filter((pattern) => pattern !== '*').map(patternOf);
    const methods = listOf(options.methods).map((method) => method.toUpperCase());
    this.methods = methods.length === 0 ? ['GET', 'POST', 'HEAD'] : methods;
  }

  /** Headers for the answer, which goes to the resource all the same. */
  headersFor(request: CorsRequest): Readonly<Record<string, string>> {
    const vary = { vary: 'Origin' };
    const origin = textOf(request.headers['origin']);
    if (origin === undefined || !origin.split(' ').some((one) => one !== '' && this.allows(one))) return vary;
    const method = textOf(request.headers['access-control-request-method']);
    if (request.method !== 'OPTIONS' || method === undefined) return { ...vary, 'access-control-allow-origin': origin };
    // Whatever is asked for: the browser compares.
    return {
      ...vary,
      'access-control-allow-origin': origin,
      'access-control-max-age': String(MAX_AGE_S),
      'access-control-allow-methods': this.methods.join(','),
      'access-control-allow-headers': 'Content-Type',
    };
  }

  private allows(origin: string): boolean {
    return this.any || this.origins.some((pattern) => pattern.test(origin));
  }
}

function patternOf(text: string): RegExp {
  try {
    return new RegExp(`^(?:${text})$`, 'i');
  } catch (cause) {
    throw new ConfigError(
      `Invalid value ${text} for configuration access.control.allow.origin: it is neither an origin such as https://ui.example nor a regular expression (${(cause as Error).message}).`,
      { cause },
    );
  }
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value.join(',');
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
