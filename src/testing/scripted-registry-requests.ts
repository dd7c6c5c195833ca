import type { RegistryOperation } from '../embedded-registry/routes.ts';

/** One request at a node, as the registry saw it. */
export interface LoggedRequest {
  /** ms since the registry started. */
  readonly at: number;
  readonly node: number;
  readonly method: string;
  readonly path: string;
  readonly operation: RegistryOperation | 'unknown';
  /** `open`: not answered yet. `cut`: the connection ended without an answer, by either side. */
  readonly outcome: number | 'open' | 'cut';
  /** The error_code of the answer, where it has one. */
  readonly errorCode?: number;
  /** ms from its arrival to its outcome. */
  readonly tookMs?: number;
}

/** Which requests are meant: those that are equal in all that is given, in the time from `fromMs` up to `toMs`. */
export type RequestFilter = Partial<Pick<LoggedRequest, 'node' | 'operation' | 'outcome' | 'errorCode' | 'method'>> & {
  /** ms since the registry started. */
  readonly fromMs?: number;
  readonly toMs?: number;
};

/** What was asked of the registry: the latest requests in full, and counters of all of them. */
export class RequestLog {
  private readonly limit: number;
  private entries: LoggedRequest[] = [];
  private total = 0;

  /** Keeps `limit` to twice as many requests. */
  constructor({ limit }: { readonly limit: number }) {
    this.limit = limit;
  }

  /** Every request that was ever made, forgotten ones too. */
  get count(): number {
    return this.total;
  }

  /** Adds a request; the function that comes back tells its outcome, of which the first counts. */
  add(request: Omit<LoggedRequest, 'outcome'>): (outcome: number | 'cut', atMs: number, errorCode?: number) => void {
    const entry: { -readonly [K in keyof LoggedRequest]: LoggedRequest[K] } = { ...request, outcome: 'open' };
    this.total++;
    this.entries.push(entry);
    if (this.entries.length > 2 * this.limit) this.entries = this.entries.slice(-this.limit);
    return (outcome, atMs, errorCode) => {
      if (entry.outcome !== 'open') return;
      entry.outcome = outcome;
      entry.tookMs = atMs - request.at;
      if (errorCode !== undefined) entry.errorCode = errorCode;
    };
  }

  list(filter: RequestFilter = {}): readonly LoggedRequest[] {
    const { fromMs = 0, toMs = Number.POSITIVE_INFINITY, ...exact } = filter;
    const wanted = Object.entries(exact) as [keyof LoggedRequest, unknown][];
    return this.entries.filter(
      (entry) => entry.at >= fromMs && entry.at < toMs && wanted.every(([key, value]) => entry[key] === value),
    );
  }

  /** The most requests that arrived within any `windowMs`: the load that a prober's limit bounds. */
  peak(windowMs = 1000, filter: RequestFilter = {}): number {
    const times = this.list(filter).map(({ at }) => at);
    let first = 0;
    let peak = 0;
    for (const [last, at] of times.entries()) {
      while (at - (times[first] ?? at) >= windowMs) first++;
      peak = Math.max(peak, last - first + 1);
    }
    return peak;
  }

  /** Requests in each second since the start, up to the last one. */
  perSecond(filter: RequestFilter = {}): readonly number[] {
    const counts: number[] = [];
    for (const { at } of this.list(filter)) {
      const second = Math.floor(at / 1000);
      while (counts.length <= second) counts.push(0);
      counts[second] = (counts[second] ?? 0) + 1;
    }
    return counts;
  }

  /** Forgets everything so far. */
  clear(): void {
    this.entries = [];
    this.total = 0;
  }
}
