/** A client of server-sent events: what the stream said so far, and a way to wait for more. */
export interface ServerSentEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

export class EventSourceClient {
  /** Everything as it came, comments included. */
  text = '';
  /** The server ended the stream as it should, or broke it off; undefined: it goes on. */
  end: 'ended' | 'broken' | undefined;
  readonly headers: Headers;
  private readonly abort: AbortController;
  private readonly reading: Promise<void>;

  private constructor(response: Response, abort: AbortController) {
    this.headers = response.headers;
    this.abort = abort;
    this.reading = this.read(response);
  }

  static async open(url: string, lastEventId?: string): Promise<EventSourceClient> {
    const abort = new AbortController();
    const headers = {
      accept: 'text/event-stream',
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    };
    const response = await fetch(url, { headers, signal: abort.signal });
    if (response.status !== 200) throw new Error(`the stream answered ${response.status}: ${await response.text()}`);
    return new EventSourceClient(response, abort);
  }

  get events(): ServerSentEvent[] {
    const blocks = this.text.slice(0, this.text.lastIndexOf('\n\n') + 2).split('\n\n');
    return blocks.flatMap((block) => {
      const fields = new Map(block.split('\n').map((line) => [line.split(': ', 1)[0], line.replace(/^[^:]*: /, '')]));
      const data = fields.get('data');
      if (data === undefined) return [];
      return [{ id: fields.get('id'), event: fields.get('event') ?? 'message', data: JSON.parse(data) }];
    });
  }

  /** Leaves; resolves when the stream is over. */
  async close(): Promise<void> {
    this.abort.abort();
    await this.reading;
  }

  private async read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) this.text += decoder.decode(chunk as Uint8Array, { stream: true });
      this.end = 'ended';
    } catch {
      this.end = 'broken';
    }
  }
}
