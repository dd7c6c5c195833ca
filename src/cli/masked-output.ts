/** Invariant 8 for what plugins, their drivers and Node write by themselves: `console.log`, warnings, the output of threads. */
import { MaskingStream } from '../foundation/masking-stream.ts';
import type { SecretRegistry } from '../foundation/secret-registry.ts';

type Write = (chunk: string | Uint8Array, ...rest: readonly unknown[]) => boolean;

/** The parts of a stream that are replaced. */
export interface OutputStream {
  write: Write;
}

/**
 * From here on no secret that the registry knows passes the stream, whole or split over several writes. The log of the worker is masked
 * before it is written, and does not pass here. The last characters of a write wait for the next one if a secret may begin with them;
 * whole lines seldom do.
 * @returns writes what waits, because nothing comes any more
 */
export function maskOutput(stream: OutputStream, secrets: SecretRegistry): () => void {
  const write = stream.write.bind(stream);
  const masking = new MaskingStream(secrets);
  /** The first bytes of a character whose others are in the next write. */
  let begun: Buffer = Buffer.alloc(0);
  stream.write = (chunk, ...rest) => {
    const bytes = Buffer.concat([begun, bytesOf(chunk, rest[0])]);
    const end = bytes.length - unfinishedBytes(bytes);
    begun = bytes.subarray(end);
    const text = bytes.toString('utf8', 0, end);
    const shown = masking.next(text);
    // Bytes that are no text stay as they are, unless a secret stands in the same write, or may have begun in it or the one before.
    const out = shown === text ? bytes.subarray(0, end) : Buffer.from(shown);
    const done = rest.find((each) => typeof each === 'function');
    if (out.length > 0) return write(out, ...(done === undefined ? [] : [done]));
    if (done !== undefined) queueMicrotask(() => done());
    return true;
  };
  return () => {
    const text = masking.next(begun.toString('utf8')) + masking.end();
    begun = Buffer.alloc(0);
    if (text !== '') write(text);
  };
}

function bytesOf(chunk: string | Uint8Array, encoding: unknown): Buffer {
  if (typeof chunk !== 'string') return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  return Buffer.from(chunk, typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8');
}

/** How many bytes at the end begin a character of UTF-8 that goes on. */
function unfinishedBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
