import type { ConnectionOptions } from 'node:tls';
import type { SaslSettings } from './sasl/sasl-settings.ts';
import type { TokenSource } from './sasl/token-source.ts';

/** How every connection of a client is opened. */
export interface ConnectionSettings {
  readonly clientId: string;
  /** null: PLAINTEXT or SASL_PLAINTEXT. */
  readonly tls: ConnectionOptions | null;
  readonly sasl: SaslSettings | null;
  /** With `oauthbearer`. */
  readonly tokens?: TokenSource;
  /** Time limit of connecting, of the TLS handshake and of authenticating, together. */
  readonly setupTimeoutMs: number;
}
