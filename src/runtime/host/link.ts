/** One end of the contract between control plane and task host: requests are matched with their answers. */
import { Deferred } from '../../foundation/deferred.ts';
import { errorFromWire, errorToWire, type WireError } from '../../sdk/errors/error-wire.ts';
import { IllegalStateError } from '../../sdk/errors/kinds.ts';

/** One end of two queues. Messages of one direction arrive in the order they were posted, never during `post`. */
export interface MessagePort<Out, In> {
  post(message: Out): void;
  /** One listener; what came before it is kept for it. */
  onMessage(listener: (message: In) => void): void;
}

type Answer =
  | { readonly type: 'answer'; readonly to: number; readonly ok: true; readonly value: unknown }
  | { readonly type: 'answer'; readonly to: number; readonly ok: false; readonly error: WireError };

interface Request<Body> {
  readonly type: 'request';
  readonly seq: number;
  readonly body: Body;
}

/** A message that needs no answer. */
interface Notice {
  readonly type: string;
}

export class Link<OutNotice extends Notice, OutRequest, InNotice extends Notice, InRequest> {
  private readonly port: MessagePort<OutNotice | Request<OutRequest> | Answer, InNotice | Request<InRequest> | Answer>;
  private readonly onNotice: (notice: InNotice) => void;
  private readonly onRequest: (body: InRequest) => Promise<unknown>;
  private readonly open = new Map<number, Deferred<unknown>>();
  private lastSeq = 0;
  private isClosed = false;

  constructor(options: {
    readonly port: MessagePort<OutNotice | Request<OutRequest> | Answer, InNotice | Request<InRequest> | Answer>;
    readonly onNotice: (notice: InNotice) => void;
    /** What it rejects with is the answer too. */
    readonly onRequest: (body: InRequest) => Promise<unknown>;
  }) {
    this.port = options.port;
    this.onNotice = options.onNotice;
    this.onRequest = options.onRequest;
    this.port.onMessage((message) => this.receive(message));
  }

  post(notice: OutNotice): void {
    if (!this.isClosed) this.port.post(notice);
  }

  /** Rejects with the error of the other side, with the signal's reason, or when the link is closed. */
  request(body: OutRequest, signal?: AbortSignal): Promise<unknown> {
    if (this.isClosed) return Promise.reject(ended());
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const seq = ++this.lastSeq;
    const answer = new Deferred<unknown>();
    this.open.set(seq, answer);
    this.port.post({ type: 'request', seq, body });
    if (signal === undefined) return answer.promise;
    const onAbort = (): void => {
      this.open.delete(seq);
      answer.reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    return answer.promise.finally(() => signal.removeEventListener('abort', onAbort));
  }

  /** Rejects what is open. Nothing is posted or heard any more. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const answer of this.open.values()) answer.reject(ended());
    this.open.clear();
  }

  private receive(message: InNotice | Request<InRequest> | Answer): void {
    if (this.isClosed) return;
    if (isAnswer(message)) {
      const answer = this.open.get(message.to);
      this.open.delete(message.to);
      if (message.ok) answer?.resolve(message.value);
      else answer?.reject(errorFromWire(message.error));
    } else if (isRequest<InRequest>(message)) {
      void this.answer(message);
    } else {
      this.onNotice(message as InNotice);
    }
  }

  private async answer({ seq, body }: Request<InRequest>): Promise<void> {
    let answer: Answer;
    try {
      answer = { type: 'answer', to: seq, ok: true, value: await this.onRequest(body) };
    } catch (error) {
      answer = { type: 'answer', to: seq, ok: false, error: errorToWire(error) };
    }
    if (!this.isClosed) this.port.post(answer);
  }
}

function isAnswer(message: Notice): message is Answer {
  return message.type === 'answer';
}

function isRequest<Body>(message: Notice): message is Request<Body> {
  return message.type === 'request';
}

function ended(): IllegalStateError {
  return new IllegalStateError('The task host has ended.');
}
