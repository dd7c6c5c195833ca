/**
 * Reads the bodies of requests, and bounds how many bytes of them are held at once: one body may be large, and many connections may be open, but
 * not all of them with a large one. What counts is what has come, not what is announced, or a client could keep all others out with a header.
 */
import type { Readable } from 'node:stream';
import type { Logger } from '../foundation/logger.ts';
import { httpError, RestError } from './rest-error.ts';

const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Eight of the largest: far beyond what configurations need, and a part of a small container's memory that a worker survives without. */
const MAX_HELD_BYTES = 256 * 1024 * 1024;
const RETRY_AFTER_S = 5;
const FIRST_BYTES = 4 * 1024;

/** 503: more than is held at once. Not logged for each request, or whoever sends them fills the log too. */
export class BodiesFullError extends RestError {
  readonly headers = { 'retry-after': `${RETRY_AFTER_S}` };

  constructor(limit: number) {
    super(
      503,
      `The bodies of all requests that are under way are more than the ${limit} bytes that the REST API holds at once. Send the request again in ${RETRY_AFTER_S} seconds.`,
    );
  }
}

export class HeldBodies {
  private readonly limit: number;
  private readonly logger: Logger;
  private readonly byRequest = new Map<Readable, number>();
  private held = 0;
  private isTold = false;

  constructor(options: { readonly logger: Logger; readonly limit?: number | undefined }) {
    this.logger = options.logger;
    this.limit = options.limit ?? MAX_HELD_BYTES;
  }

  /**
   * The whole body. It counts until `release` is called, whatever becomes of it; the memory is at most twice what counts.
   * @param announced the length of its header, bytes; NaN without one
   * @throws RestError 413, BodiesFullError; nothing more is read then
   */
  read(request: Readable, announced: number): Promise<Buffer> {
    if (announced > MAX_BODY_BYTES) return Promise.reject(httpError(413));
    if (this.held + announced > this.limit) return Promise.reject(this.full());
    return new Promise((resolve, reject) => {
      // One buffer that grows, for pieces of a byte each would take a hundred times their size.
      let bytes: Buffer = Buffer.alloc(0);
      let length = 0;
      const over = (): void => {
        request.off('data', onData).off('end', onEnd).off('error', onError);
      };
      const refuse = (error: Error): void => {
        over();
        request.pause();
        reject(error);
      };
      const onData = (piece: Buffer): void => {
        const isTooLarge = length + piece.length > MAX_BODY_BYTES;
        if (isTooLarge || this.held + piece.length > this.limit) {
          refuse(isTooLarge ? httpError(413) : this.full());
          return;
        }
        this.count(request, piece.length);
        if (length + piece.length > bytes.length) bytes = grown(bytes, length, length + piece.length);
        piece.copy(bytes, length);
        length += piece.length;
      };
      const onEnd = (): void => {
        over();
        resolve(bytes.subarray(0, length));
      };
      // The client is gone.
      const onError = (cause: Error): void => refuse(new RestError(400, 'The body did not come whole.', { cause }));
      request.on('data', onData).on('end', onEnd).on('error', onError);
    });
  }

  /** To be called when the request is answered, or given up. */
  release(request: Readable): void {
    this.held -= this.byRequest.get(request) ?? 0;
    this.byRequest.delete(request);
    if (this.held <= this.limit / 2) this.isTold = false;
  }

  private count(request: Readable, length: number): void {
    this.held += length;
    this.byRequest.set(request, (this.byRequest.get(request) ?? 0) + length);
  }

  private full(): BodiesFullError {
    if (!this.isTold) {
      this.isTold = true;
      this.logger.warn('The REST API holds as many bytes of bodies as it takes. Further requests are refused.', {
        limit: this.limit,
      });
    }
    return new BodiesFullError(this.limit);
  }
}

function grown(bytes: Buffer, length: number, needed: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * bytes.length, needed));
  bytes.copy(larger, 0, 0, length);
  return larger;
}
