/** What it means when a connection to a broker can't be opened, or breaks: which of our two kinds of failure it is. */
import { ConfigError, type EnvironmentError } from '../../sdk/errors/index.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { AUTHENTICATION_FAILED, unavailable } from './kafka-errors.ts';

/** Why a TLS handshake failed in a way that more attempts don't mend. */
const trustFailures =
  /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO$)/;

/** ConfigError when one side does not trust or accept the other, EnvironmentError for all else. */
export function connectFailure(error: unknown, address: string, settings: ConnectionSettings): Error {
  if (isOurs(error)) return error;
  const { message, code, name } = describe(error);
  if (name === 'KafkaJSSASLAuthenticationError' && !lostWhileAuthenticating(message)) {
    return new ConfigError(
      `Kafka at ${address} refused to authenticate us with ${settings.sasl?.mechanism.toUpperCase()}: ${message}. Correct sasl.mechanism ` +
        'and sasl.jaas.config.',
      { code: AUTHENTICATION_FAILED },
    );
  }
  if (settings.tls !== null && code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return new ConfigError(
      `The certificate of Kafka at ${address} is for another host (${message}). Name the brokers as their certificates do, give them ` +
        'certificates for the names by which they are reached, or leave ssl.endpoint.identification.algorithm empty to have names not checked.',
      { code: AUTHENTICATION_FAILED },
    );
  }
  if (settings.tls !== null && trustFailures.test(code)) {
    return new ConfigError(
      `The TLS handshake with Kafka at ${address} failed (${code}: ${message}). Correct security.protocol, the ssl.truststore. settings (whom ` +
        'we trust), the ssl.keystore. settings (who we are) or ssl.endpoint.identification.algorithm.',
      { code: AUTHENTICATION_FAILED },
    );
  }
  return connectionLost(error, address);
}

/** kafkajs wraps a connection that breaks during authentication into an authentication error. */
function lostWhileAuthenticating(message: string): boolean {
  return /connection (closed|error)|closed connection|not connected|timed? ?out|was closed|did not (answer|let)/i.test(
    message,
  );
}

/** Of a connection that had been in use. */
export function connectionLost(error: unknown, address: string): EnvironmentError {
  return unavailable(`Kafka at ${address} can't be reached: ${describe(error).message}.`, error);
}

/** Whether the failure was classified already. */
export function isOurs(error: unknown): error is ConfigError | EnvironmentError {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('holdfast.')
  );
}

function describe(error: unknown): { message: string; code: string; name: string } {
  if (!(error instanceof Error)) return { message: String(error), code: '', name: '' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const message = error.message.replace(/[:. ]+$/, '');
  // Node gives a connect that failed for several addresses no message of its own.
  return { message: code !== '' && !message.includes(code) ? `${message} (${code})` : message, code, name: error.name };
}
