import type { TaskHostConnection } from '../../../../src/runtime/host/host-connection.ts';
import type { FromHost, HostRequest, TaskId, ToHost } from '../../../../src/runtime/host/protocol.ts';
import { errorToWire } from '../../../../src/sdk/errors/error-wire.ts';

/** A task host that does what a test says; unless told otherwise its tasks run at once and end when they are stopped. */
export class ScriptedHost implements TaskHostConnection {
  readonly posted: ToHost[] = [];
  isClosed = false;
  /** Called for each message; return true to keep the usual behaviour from happening. */
  onPosted: (message: ToHost) => boolean = () => false;
  /** Answers `sink.revoke` and `sink.skip`. */
  onRequest: (body: HostRequest) => Promise<unknown> = async () => ({ offsets: [] });
  private listener: (message: FromHost) => void = () => {};
  private seq = 0;
  private readonly asked = new Map<number, (answer: FromHost & { type: 'answer' }) => void>();

  post(message: ToHost): void {
    if (this.isClosed) return;
    const copy = structuredClone(message);
    this.posted.push(copy);
    if (message.type === 'answer') {
      this.asked.get(message.to)?.(message);
      return;
    }
    if (this.onPosted(copy)) return;
    queueMicrotask(() => this.behave(copy));
  }

  onMessage(listener: (message: FromHost) => void): void {
    this.listener = listener;
  }

  emit(message: FromHost): void {
    this.listener(structuredClone(message));
  }

  /** As a task in the host asks the control plane. */
  ask(body: (FromHost & { type: 'request' })['body']): Promise<FromHost & { type: 'answer' }> {
    const seq = ++this.seq;
    const answer = new Promise<FromHost & { type: 'answer' }>((resolve) => this.asked.set(seq, resolve));
    this.emit({ type: 'request', seq, body });
    return answer;
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  types(): string[] {
    return this.posted.map(({ type }) => type);
  }

  started(): TaskId[] {
    return this.posted.flatMap((message) => (message.type === 'task.start' ? [message.spec.id] : []));
  }

  private behave(message: ToHost): void {
    if (message.type === 'task.start') {
      const { id, initialState } = message.spec;
      this.emit({ type: 'task.state', id, state: initialState === 'PAUSED' ? 'PAUSED' : 'RUNNING' });
    } else if (message.type === 'task.target') {
      const state = message.state === 'PAUSED' ? 'PAUSED' : 'RUNNING';
      this.emit({ type: 'task.state', id: message.id, state });
    } else if (message.type === 'task.stop') {
      this.emit({ type: 'task.ended', id: message.id });
    } else if (message.type === 'request') {
      const { seq, body } = message;
      void this.onRequest(body).then(
        (value) => this.emit({ type: 'answer', to: seq, ok: true, value }),
        (error) => this.emit({ type: 'answer', to: seq, ok: false, error: errorToWire(error) }),
      );
    }
  }
}
