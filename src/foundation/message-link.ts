/** One end of two message queues, such as the two ends of a MessageChannel: requests are matched with their answers. */
import { Deferred } from './deferred.ts';

/** One end of two queues. Messages of one direction arrive in the order they were posted, never during `post`. */
export interface MessagePort<Out, In> {
  /** `transfer`: buffers that go over to the other side, whole; here they are empty afterwards. */
  post(message: Out, transfer?: readonly ArrayBuffer[]): void;
  /** One listener; what came before it is kept for it. */
  onMessage(listener: (message: In) => void): void;
}

export type LinkAnswer =
  | { readonly type: 'answer'; readonly to: number; readonly ok: true; readonly value: unknown }
  | { readonly type: 'answer'; readonly to: number; readonly ok: false; readonly error: unknown };

/** Whoever asked does not wait for the answer any more. It comes all the same, and is not heard. */
export interface LinkCancel {
  readonly type: 'cancel';
  readonly seq: number;
}

export interface LinkRequest<Body> {
  readonly type: 'request';
  readonly seq: number;
  readonly body: Body;
}

/** A message that needs no answer. */
export interface LinkNotice {
  readonly type: string;
}

/** What comes out of {@link MessageLinkOptions.onRequest} when its bytes are to go over rather than be copied. */
export class Transferred {
  readonly value: unknown;
  readonly transfer: readonly ArrayBuffer[];

  constructor(value: unknown, transfer: readonly ArrayBuffer[]) {
    this.value = value;
    this.transfer = transfer;
  }
}

export interface MessageLinkOptions<OutNotice, OutRequest, InNotice, InRequest> {
  readonly port: MessagePort<
    OutNotice | LinkRequest<OutRequest> | LinkAnswer | LinkCancel,
    InNotice | LinkRequest<InRequest> | LinkAnswer | LinkCancel
  >;
  /** Errors in a form that crosses the queues, and back. */
  readonly errors: {
    readonly toWire: (thrown: unknown) => unknown;
    readonly fromWire: (wire: never) => Error;
  };
  /** What open and later requests reject with once the link is closed. */
  readonly ended: () => Error;
  readonly onNotice: (notice: InNotice) => void;
  /** What it rejects with is the answer too. `signal` is aborted when nobody waits for the answer any more. */
  readonly onRequest: (body: InRequest, signal: AbortSignal) => Promise<unknown>;
}

export class MessageLink<OutNotice extends LinkNotice, OutRequest, InNotice extends LinkNotice, InRequest> {
  private readonly options: MessageLinkOptions<OutNotice, OutRequest, InNotice, InRequest>;
  private readonly open = new Map<number, Deferred<unknown>>();
  private readonly serving = new Map<number, AbortController>();
  private lastSeq = 0;
  private isClosed = false;

  constructor(options: MessageLinkOptions<OutNotice, OutRequest, InNotice, InRequest>) {
    this.options = options;
    options.port.onMessage((message) => this.receive(message));
  }

  post(notice: OutNotice): void {
    if (!this.isClosed) this.options.port.post(notice);
  }

  /** Rejects with the error of the other side, with the signal's reason, or when the link is closed. */
  request(body: OutRequest, signal?: AbortSignal, transfer?: readonly ArrayBuffer[]): Promise<unknown> {
    const { port, ended } = this.options;
    if (this.isClosed) return Promise.reject(ended());
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const seq = ++this.lastSeq;
    const answer = new Deferred<unknown>();
    this.open.set(seq, answer);
    port.post({ type: 'request', seq, body }, transfer);
    if (signal === undefined) return answer.promise;
    const onAbort = (): void => {
      if (!this.open.delete(seq)) return;
      port.post({ type: 'cancel', seq });
      answer.reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    return answer.promise.finally(() => signal.removeEventListener('abort', onAbort));
  }

  /** Rejects pending questions with the error and aborts answers under way. Nothing is sent or received from then on. */
  close(error: Error = this.options.ended()): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const answer of this.open.values()) answer.reject(error);
    for (const abort of this.serving.values()) abort.abort(error);
    this.open.clear();
    this.serving.clear();
  }

  private receive(message: InNotice | LinkRequest<InRequest> | LinkAnswer | LinkCancel): void {
    if (this.isClosed) return;
    if (isAnswer(message)) {
      const answer = this.open.get(message.to);
      this.open.delete(message.to);
      if (message.ok) answer?.resolve(message.value);
      else answer?.reject(this.options.errors.fromWire(message.error as never));
    } else if (isRequest<InRequest>(message)) {
      void this.answer(message);
    } else if (isCancel(message)) {
      this.serving.get(message.seq)?.abort(new Error('Nobody waits for the answer any more.'));
    } else {
      this.options.onNotice(message as InNotice);
    }
  }

  private async answer({ seq, body }: LinkRequest<InRequest>): Promise<void> {
    const { port, errors, onRequest } = this.options;
    const abort = new AbortController();
    this.serving.set(seq, abort);
    let answer: LinkAnswer;
    let transfer: readonly ArrayBuffer[] | undefined;
    try {
      let value = await onRequest(body, abort.signal);
      if (value instanceof Transferred) ({ value, transfer } = value);
      answer = { type: 'answer', to: seq, ok: true, value };
    } catch (error) {
      answer = { type: 'answer', to: seq, ok: false, error: errors.toWire(error) };
    }
    this.serving.delete(seq);
    if (this.isClosed) return;
    try {
      port.post(answer, transfer);
    } catch (error) {
      // What can't be cloned is an answer too, and whoever asked must not wait for ever.
      port.post({ type: 'answer', to: seq, ok: false, error: errors.toWire(error) });
    }
  }
}

function isAnswer(message: LinkNotice): message is LinkAnswer {
  return message.type === 'answer';
}

function isRequest<Body>(message: LinkNotice): message is LinkRequest<Body> {
  return message.type === 'request';
}

function isCancel(message: LinkNotice): message is LinkCancel {
  return message.type === 'cancel';
}
