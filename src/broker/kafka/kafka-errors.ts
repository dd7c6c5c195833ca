import { ConfigError, defineErrorCode, EnvironmentError } from '../../sdk/errors/index.ts';
import { BROKER_UNAVAILABLE } from '../broker-errors.ts';
import { ErrorCode, errorCodeName, isAuthenticationFailure, isAuthorizationFailure } from './protocol/error-code.ts';

export const AUTHENTICATION_FAILED = defineErrorCode('holdfast.broker.authentication', {
  what: 'The broker does not accept who the client says it is, or the client does not trust the certificate of the broker.',
  mend: 'Correct sasl.jaas.config, sasl.mechanism, security.protocol or the ssl. settings; the message says which side refused.',
});

export const AUTHORIZATION_FAILED = defineErrorCode('holdfast.broker.authorization', {
  what: 'The user may not do what was asked of the broker.',
  mend: 'Grant the operation that the message names with kafka-acls.sh, or use another user.',
});

export const UNSUPPORTED_VERSION = defineErrorCode('holdfast.broker.unsupported.version', {
  what: 'The broker does not know a request, or a version of it, that is needed.',
  mend: 'Use Apache Kafka 2.4 or later, or another broker that speaks the request that the message names.',
});

export const CLIENT_SETTINGS_INVALID = defineErrorCode('holdfast.broker.settings', {
  what: 'A setting of a Kafka client is missing, malformed or not supported.',
  mend: 'Correct the settings that the message lists.',
});

export const CLIENT_CLOSED = defineErrorCode('holdfast.broker.client.closed', {
  what: 'A client of the broker was used after it was closed.',
  mend: 'Nothing if the worker is stopping. Otherwise report it.',
});

export const REQUEST_REFUSED = defineErrorCode('holdfast.broker.request.refused', {
  what: 'The broker refused a request in a way that time does not mend.',
  mend: 'The message carries the reason of the broker.',
});

/** A broker that can't be reached, or that does not answer; whether it did what was asked is not known. */
export function unavailable(message: string, cause?: unknown): EnvironmentError {
  return new EnvironmentError(message, { code: BROKER_UNAVAILABLE, ...(cause === undefined ? {} : { cause }) });
}

/**
 * The error for an error code of the broker: ConfigError for what time does not mend, EnvironmentError for all
 * else. `what` goes on from "Kafka could not ".
 */
export function errorForCode(
  code: number,
  what: string,
  brokerMessage?: string | null,
): ConfigError | EnvironmentError {
  const reason = `${errorCodeName(code)}${brokerMessage ? `: ${brokerMessage}` : ''}`;
  const message = `Kafka could not ${what} (${reason}).`;
  if (isAuthorizationFailure(code)) return new ConfigError(message, { code: AUTHORIZATION_FAILED });
  if (isAuthenticationFailure(code)) return new ConfigError(message, { code: AUTHENTICATION_FAILED });
  if (code === ErrorCode.UNSUPPORTED_VERSION) return new ConfigError(message, { code: UNSUPPORTED_VERSION });
  if (refused.has(code)) return new ConfigError(message, { code: REQUEST_REFUSED });
  return unavailable(message);
}

const refused = new Set<number>([
  ErrorCode.INVALID_GROUP_ID,
  ErrorCode.INVALID_REQUEST,
  ErrorCode.INVALID_REQUIRED_ACKS,
  ErrorCode.INVALID_SESSION_TIMEOUT,
  ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
  ErrorCode.GROUP_MAX_SIZE_REACHED,
  ErrorCode.INVALID_CONFIG,
  ErrorCode.INVALID_PARTITIONS,
  ErrorCode.INVALID_REPLICA_ASSIGNMENT,
  ErrorCode.POLICY_VIOLATION,
  ErrorCode.SECURITY_DISABLED,
  ErrorCode.TOPIC_DELETION_DISABLED,
  ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
  ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT,
  ErrorCode.PRODUCER_FENCED,
]);
