/** Invariant 8 for what plugins, their drivers and Node write by themselves: `console.log`, warnings, the output of threads. */
import type { SecretRegistry } from '../foundation/secret-registry.ts';

type Write = (chunk: string | Uint8Array, ...rest: readonly unknown[]) => boolean;

/** The parts of a stream that are replaced. */
export interface OutputStream {
  write: Write;
}

/**
 * From here on no secret that the registry knows passes the stream: a whole write is looked at as UTF-8, so a secret that is split
 * over two writes is not found. The log of the worker is masked before it is written, and does not pass here.
 */
export function maskOutput(stream: OutputStream, secrets: SecretRegistry): void {
  const write = stream.write.bind(stream);
  stream.write = (chunk, ...rest) => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    const masked = secrets.mask(text);
    // Bytes that are no text stay as they are.
    return write(masked === text ? chunk : masked, ...rest);
  };
}
