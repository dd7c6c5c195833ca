/** Reads a file that whoever writes a connector's configuration may name: a device that never ends must not fill the memory. */
import { createReadStream } from 'node:fs';

/** No secret is larger. */
const MAX_BYTES = 16 * 1024 * 1024;

/** @throws Error for what can't be read, or has more than 16 MiB */
export async function readSecret(path: string, signal: AbortSignal): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  // One byte more than is allowed tells that there is more.
  for await (const piece of createReadStream(path, { end: MAX_BYTES, signal }) as AsyncIterable<Buffer>) {
    pieces.push(piece);
    size += piece.length;
  }
  if (size > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
  return Buffer.concat(pieces);
}
