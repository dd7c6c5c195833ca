/**
 * The changes of all registries as server-sent events (WHATWG HTML, 9.2): the latest are kept, so that a client that lost its connection
 * misses none. Clients that don't read are cut off by the server of the REST API, so that nobody is buffered for without bound.
 */
import type { Clock, Timer } from '../foundation/clock.ts';
import type { RegistryEvent, RegistryListener } from '../registry/registry-events.ts';
import type { RestStream, StreamClient } from '../rest/resource.ts';
import { registryEventJson } from './registry-event-json.ts';

export interface EventStreamOptions {
  readonly clock: Clock;
  /** How many events a client that comes back may have missed. */
  readonly maxKept?: number;
}

export interface EventStreamRequest {
  /** `Last-Event-ID`: what came after it is sent first; undefined: begin with what happens from now on. */
  readonly lastEventId: string | undefined;
  /** With what happens per request and per question. */
  readonly all: boolean;
}

interface Kept {
  readonly number: number;
  readonly text: string;
}

const HEARTBEAT_MS = 15_000;
const RECONNECT_MS = 2000;

export class RegistryEventStream {
  readonly listener: RegistryListener = (registry, event) => this.happened(registry, event);
  private readonly clock: Clock;
  private readonly maxKept: number;
  /** Numbers start anew with each worker: the id says of which life it is. */
  private readonly life: string;
  private readonly kept: Kept[] = [];
  private readonly clients = new Map<StreamClient, EventStreamRequest>();
  private number = 0;
  private heartbeat: Timer | undefined;

  constructor(options: EventStreamOptions) {
    this.clock = options.clock;
    this.maxKept = options.maxKept ?? 1000;
    this.life = options.clock.now().toString(36);
  }

  get clientCount(): number {
    return this.clients.size;
  }

  open(request: EventStreamRequest): RestStream {
    return {
      type: 'text/event-stream',
      open: (client) => {
        client.send(`retry: ${RECONNECT_MS}\n\n${this.missedBy(request.lastEventId)}`);
        this.clients.set(client, request);
        if (this.heartbeat === undefined) this.beat();
        return () => {
          this.clients.delete(client);
          if (this.clients.size > 0) return;
          this.heartbeat?.cancel();
          this.heartbeat = undefined;
        };
      },
    };
  }

  private happened(registry: string, event: RegistryEvent): void {
    const perRequest = event.type === 'request' || event.type === 'cache';
    // The hot ones cost nothing while nobody wants them.
    if (perRequest && ![...this.clients.values()].some(({ all }) => all)) return;
    const data = JSON.stringify(registryEventJson(registry, event, this.clock.now()));
    if (perRequest) {
      // Without an id: there is no coming back to it.
      this.send(`event: ${event.type}\ndata: ${data}\n\n`, ({ all }) => all);
      return;
    }
    this.number += 1;
    const text = `id: ${this.life}-${this.number}\nevent: ${event.type}\ndata: ${data}\n\n`;
    this.kept.push({ number: this.number, text });
    if (this.kept.length > this.maxKept) this.kept.shift();
    this.send(text, () => true);
  }

  private send(text: string, isFor: (request: EventStreamRequest) => boolean): void {
    for (const [client, request] of this.clients) if (isFor(request)) client.send(text);
  }

  /** What came after that id; with a `gap` before it when more was missed than is kept. */
  private missedBy(lastEventId: string | undefined): string {
    if (lastEventId === undefined) return '';
    const [life, number = ''] = lastEventId.split('-');
    const last = life === this.life && /^\d{1,15}$/.test(number) ? Number(number) : undefined;
    const kept = this.kept.filter((event) => event.number > (last ?? 0));
    const isComplete = last !== undefined && this.number - last <= kept.length;
    const reason = 'Events were missed: read GET /registries anew.';
    const gap = isComplete ? '' : `event: gap\ndata: ${JSON.stringify({ type: 'gap', reason })}\n\n`;
    return gap + kept.map(({ text }) => text).join('');
  }

  /** Keeps proxies from closing what is quiet, and finds out about clients that are gone. */
  private beat(): void {
    this.heartbeat = this.clock.setTimer(
      () => {
        this.send(': heartbeat\n\n', () => true);
        this.beat();
      },
      HEARTBEAT_MS,
      { unref: true },
    );
  }
}
