/** Errors as the REST API answers them: `{"error_code":<status>,"message":<text>}`. ConnectExceptionMapper of Kafka Connect 4.1.1. */
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { ConnectError } from '../sdk/errors/connect-error.ts';
import { AlreadyExistsError, ConfigError, NotFoundError } from '../sdk/errors/kinds.ts';

export const REST_REFUSED = defineErrorCode('holdfast.rest.refused', {
  what: 'A request to the REST API was refused; its status and message say why.',
  mend: 'Correct the request as the message says.',
});

/** Carries its status. */
export class RestError extends ConnectError {
  readonly status: number;

  constructor(status: number, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, { code: REST_REFUSED, ...options });
    this.status = status;
  }
}

const PHRASES: Readonly<Record<number, string>> = {
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
};

/** The words of the HTTP layer: `HTTP 404 Not Found`. */
export function httpError(status: number): RestError {
  return new RestError(status, `HTTP ${status} ${PHRASES[status] ?? 'Bad Request'}`);
}

export function statusOf(error: unknown): number {
  if (error instanceof RestError) return error.status;
  if (error instanceof NotFoundError) return 404;
  if (error instanceof AlreadyExistsError) return 409;
  if (error instanceof ConfigError) return 400;
  const status = (error as { readonly statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && status >= 400 ? status : 500;
}
