import { ConnectError } from 'holdfast/sdk';
import { FILE_UNWRITABLE } from './errors.ts';

/** Writes to the standard output; resolves once it took the text, which is its back-pressure. */
export function writeToStandardOutput(chunks: readonly Uint8Array[]): Promise<void> {
  const bytes = Buffer.concat(chunks);
  if (bytes.length === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => {
      if (error === null || error === undefined) resolve();
      else {
        const message = `Cannot write to the standard output: ${error.message}. Has its reader ended?`;
        reject(new ConnectError(message, { code: FILE_UNWRITABLE, cause: error }));
      }
    });
  });
}
