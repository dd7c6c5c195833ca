/** stdout and stderr of the process: whoever reads them may go away, be slow or run out of space, and the work goes on to its end. */
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { EnvironmentError } from '../sdk/errors/kinds.ts';

const OUTPUT_UNWRITABLE = defineErrorCode('holdfast.cli.output-unwritable', {
  what: 'What a command tells could not be written to where its stdout goes, to a full disk for example. Its work was done to its end.',
  mend: 'Make room there, or send stdout somewhere else. Run the command again if it is needed for what it tells.',
});

/** A pipe whose reader has seen enough, as head does. */
const READER_GONE = new Set(['EPIPE', 'ECONNRESET']);

/**
 * Call it before anything is written, once. From here on no failed write ends the process.
 * @returns resolves when all is written that ever will be, so that the process may exit; it waits for as long as a slow reader takes, for
 *   Node writes to a pipe later what does not fit into it now. Rejects with EnvironmentError `holdfast.cli.output-unwritable` where stdout
 *   could not be written for another reason than that nobody reads it
 */
export function guardOutput(): () => Promise<void> {
  const [out, err] = [new GuardedStream(process.stdout), new GuardedStream(process.stderr)];
  return async () => {
    await Promise.all([out.written(), err.written()]);
    const { error } = out;
    if (error === undefined || READER_GONE.has(error.code ?? '')) return;
    throw new EnvironmentError(
      `What this command tells could not be written to stdout: ${error.message}. Its work came to its end. Make room where stdout goes, or send it somewhere else.`,
      { code: OUTPUT_UNWRITABLE, cause: error },
    );
  };
}

class GuardedStream {
  /** The first one. */
  error: NodeJS.ErrnoException | undefined;
  private readonly stream: NodeJS.WriteStream;
  /** That of the stream itself: what masks secrets later holds back what is empty. */
  private readonly write: NodeJS.WriteStream['write'];

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
    this.write = stream.write.bind(stream);
    stream.on('error', (error) => {
      this.error ??= error;
    });
  }

  written(): Promise<void> {
    return new Promise((resolve) => {
      if (this.error !== undefined) return resolve();
      this.stream.once('error', () => resolve());
      this.write('', () => resolve());
    });
  }
}
