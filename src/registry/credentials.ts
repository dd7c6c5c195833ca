/** Who we are to a registry. Invariant 8: nothing in here is ever logged, thrown or answered. */

export interface Credentials {
  /**
   * Headers for a request to a node. A promise only when a token has to be fetched first.
   * @throws CredentialsUnavailable when who issues them gives no usable answer, RegistryConfigError when it refuses us.
   */
  headers(node: string, signal: AbortSignal): CredentialHeaders | Promise<CredentialHeaders>;
  /**
   * Called once after a 401 or 403, before the request is repeated; `rejected` is what the request carried. Rejects as `headers`
   * does.
   */
  refresh(rejected: CredentialHeaders, signal: AbortSignal): Promise<void>;
}

export type CredentialHeaders = Readonly<Record<string, string>>;

/** An environment failure: the credentials can't be had at the moment. The message names no secret. */
export class CredentialsUnavailable extends Error {
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.name = 'CredentialsUnavailable';
    this.retryAfterMs = retryAfterMs;
  }
}

/** Credentials that stand in the settings. */
export class StaticCredentials implements Credentials {
  private readonly byNode: ReadonlyMap<string, CredentialHeaders>;
  private readonly fallback: CredentialHeaders;

  /** @param options.byNode Authorization headers by base URL, from URLs with user info; `fallback` for all others. */
  constructor(options: {
    readonly byNode?: ReadonlyMap<string, string>;
    readonly fallback?: string | undefined;
    readonly headers?: CredentialHeaders;
  }) {
    const { byNode = new Map<string, string>(), fallback, headers = {} } = options;
    this.byNode = new Map([...byNode].map(([node, authorization]) => [node, { ...headers, authorization }]));
    this.fallback = fallback === undefined ? headers : { ...headers, authorization: fallback };
  }

  headers(node: string): CredentialHeaders {
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
