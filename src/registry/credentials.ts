/** Who we are to a registry. Invariant 8: nothing in here is ever logged, thrown or answered. */

export interface Credentials {
  /** The Authorization header for a node; undefined: none. */
  authorization(node: string): string | undefined;
  /** Called once after a 401 or 403, before the request is repeated. */
  refresh(signal: AbortSignal): Promise<void>;
}

/** Credentials that stand in the settings. */
export class StaticCredentials implements Credentials {
  private readonly byNode: ReadonlyMap<string, string>;
  private readonly fallback: string | undefined;

  /** @param options.byNode Authorization headers by base URL, from URLs with user info; `fallback` for all others. */
  constructor(options: { readonly byNode?: ReadonlyMap<string, string>; readonly fallback?: string | undefined } = {}) {
    this.byNode = options.byNode ?? new Map();
    this.fallback = options.fallback;
  }

  authorization(node: string): string | undefined {
    return this.byNode.get(node) ?? this.fallback;
  }

  /** A static secret has nothing to refresh; the request is repeated once all the same, as proxies err at a restart. */
  refresh(): Promise<void> {
    return Promise.resolve();
  }
}

/** `Basic …` of RFC 7617, in UTF-8. */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}
