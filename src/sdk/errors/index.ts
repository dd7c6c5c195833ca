export * from './codes.ts';
export { brandErrorClass, CONNECT_FAILED, ConnectError, type ConnectErrorOptions } from './connect-error.ts';
export * from './error-wire.ts';
export * from './kinds.ts';
