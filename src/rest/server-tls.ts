/** What an https listener needs of its certificates; the composition root has them from the settings. */
import type { ServerOptions } from 'node:https';
import type { TLSSocket } from 'node:tls';

export type ClientAuth = 'none' | 'requested' | 'required';

export interface ServerTls {
  readonly clientAuth: ClientAuth;
  /** Key, certificates, trusted authorities, protocols and ciphers, as they are now. */
  options(): ServerOptions;
  /** Calls back when the files behind the options have changed and can be used. Returns what ends it. */
  watch(onChange: () => void): () => void;
}

export function httpsOptions(tls: ServerTls): ServerOptions {
  return {
    ...tls.options(),
    requestCert: tls.clientAuth !== 'none',
    rejectUnauthorized: tls.clientAuth === 'required',
  };
}

/** Java refuses a certificate that it can't trust even where none is required; Node would let it pass. */
export function isRefused(tls: ServerTls, socket: TLSSocket): boolean {
  if (tls.clientAuth !== 'requested' || socket.authorized) return false;
  return Object.keys(socket.getPeerCertificate()).length > 0;
}
