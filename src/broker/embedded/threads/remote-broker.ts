/** The broker ports over an embedded log that another thread owns: encodes and decodes here, reads and writes there. */
import type { Clock } from '../../../foundation/clock.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { MessageLink, type MessagePort } from '../../../foundation/message-link.ts';
import { errorFromWire, errorToWire, IllegalStateError } from '../../../sdk/errors/index.ts';
import type { LogReader } from '../../log-reader.ts';
import { PassingLogReader } from '../../passing-log-reader.ts';
import type {
  Admin,
  Broker,
  ClientOptions,
  Fetcher,
  GroupListener,
  GroupMember,
  GroupMemberOptions,
  Producer,
  ProtocolMember,
} from '../../ports.ts';
import { EmbeddedFetcher } from '../embedded-fetcher.ts';
import { EmbeddedLogSource } from '../embedded-log-source.ts';
import { EmbeddedProducer } from '../embedded-producer.ts';
import { noForeignGroups } from '../embedded-unsupported.ts';
import { WriteAvailability } from '../write-availability.ts';
import type { MemberNotice, MemberRequest, OwnerNotice, OwnerRequest, Welcome } from './log-protocol.ts';
import { remoteAdmin } from './remote-admin.ts';
import { RemoteGroupMember } from './remote-group-member.ts';
import { RemoteTopics } from './remote-topics.ts';

const CLOSE_TIMEOUT_MS = 5_000;

/** Resolves once the owner has answered. Its other end belongs to {@link LogOwner}. */
export async function connectEmbeddedBroker(options: {
  readonly port: MessagePort<object, never>;
  readonly clock: Clock;
}): Promise<Broker> {
  const broker = new RemoteBroker(options);
  await broker.connect();
  return broker;
}

class RemoteBroker implements Broker {
  readonly kind = 'embedded';
  private readonly clock: Clock;
  private readonly link: MessageLink<MemberNotice, OwnerRequest, OwnerNotice, MemberRequest>;
  private readonly topics: RemoteTopics;
  private readonly availability: WriteAvailability;
  private readonly clients = new Set<{ close(...args: never[]): Promise<void> }>();
  private readonly listeners = new Map<number, GroupListener>();
  private readonly closing = new AbortController();
  private nextMember = 0;
  private nextProducerId = 0;
  private lastProducerId = -1;

  constructor(options: { readonly port: MessagePort<object, never>; readonly clock: Clock }) {
    this.clock = options.clock;
    // The owner says it in the log.
    this.availability = new WriteAvailability({ clock: options.clock, logger: silentLogger });
    this.link = new MessageLink<MemberNotice, OwnerRequest, OwnerNotice, MemberRequest>({
      port: options.port,
      errors: { toWire: errorToWire, fromWire: errorFromWire },
      ended: () => new IllegalStateError('The embedded broker is closed.'),
      onNotice: (notice) => this.receive(notice),
      onRequest: (body) => this.call(body),
    });
    this.topics = new RemoteTopics((body, signal, transfer) => this.link.request(body, signal, transfer));
  }

  async connect(): Promise<void> {
    const welcome = (await this.link.request({ type: 'hello' })) as Welcome;
    this.nextProducerId = welcome.firstProducerId;
    this.lastProducerId = welcome.firstProducerId + welcome.producerIds - 1;
    for (const topic of welcome.topics) this.topics.apply(topic);
    this.receive({ type: 'availability', availability: welcome.availability });
  }

  producer(options: ClientOptions): Producer {
    this.closing.signal.throwIfAborted();
    if (this.nextProducerId > this.lastProducerId) {
      throw new IllegalStateError('This thread has made all the producers that it has ids for. Restart its tasks.');
    }
    return this.opened(options, (onClose) => {
      const { clock, topics } = this;
      return new EmbeddedProducer({
        ...options,
        clock,
        producerId: this.nextProducerId++,
        topic: (name) => topics.get(name),
        ensureTopic: (name, signal) => topics.ensure(name, signal),
        onClose,
      });
    });
  }

  fetcher(options: ClientOptions): Fetcher {
    const { clock, topics, availability } = this;
    return this.opened(
      options,
      (onClose) =>
        new EmbeddedFetcher({
          ...options,
          clock,
          availability,
          topic: (name) => topics.get(name),
          ensureTopic: (name, signal) => topics.ensure(name, signal),
          onTopicsChange: (listener) => topics.onChange(listener),
          onClose,
        }),
    );
  }

  logReader(options: ClientOptions): LogReader {
    const source = new EmbeddedLogSource({ topic: (name) => this.topics.get(name) });
    return this.opened(options, (onClose) => new PassingLogReader({ source, onClose }));
  }

  groupMember(options: GroupMemberOptions): GroupMember {
    const member = this.nextMember++;
    this.listeners.set(member, options.listener);
    return this.opened(
      options,
      (onClose) =>
        new RemoteGroupMember({
          options,
          member,
          ask: (body, signal) => this.link.request(body, signal),
          onClose: (closed) => {
            this.listeners.delete(member);
            onClose(closed);
          },
        }),
    );
  }

  protocolMember(): ProtocolMember {
    throw noForeignGroups();
  }

  admin(options: ClientOptions): Admin {
    return this.opened(options, (onClose) => remoteAdmin((body, signal) => this.link.request(body, signal), onClose));
  }

  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    const clients = [...this.clients];
    await Promise.all(clients.filter((each) => each instanceof RemoteGroupMember).map((each) => each.close()));
    await Promise.all(
      [...this.clients].map((each) => (each instanceof EmbeddedProducer ? each.close(CLOSE_TIMEOUT_MS) : each.close())),
    );
    this.closing.abort(new IllegalStateError('The embedded broker is closed.'));
    this.link.post({ type: 'bye' });
    this.link.close();
  }

  private opened<C extends { close(...args: never[]): Promise<void> }>(
    { onAvailability }: ClientOptions,
    make: (onClose: (client: object) => void) => C,
  ): C {
    this.closing.signal.throwIfAborted();
    const stop = this.availability.subscribe(onAvailability);
    try {
      const client = make((closed) => {
        stop();
        this.clients.delete(closed as C);
      });
      this.clients.add(client);
      return client;
    } catch (error) {
      stop();
      throw error;
    }
  }

  private receive(notice: OwnerNotice): void {
    if (notice.type === 'topic') this.topics.apply(notice.topic);
    else if (notice.type === 'topic.gone') this.topics.gone(notice.name);
    else if (notice.availability.available) this.availability.recovered(this);
    else this.availability.failed(this, notice.availability.reason);
  }

  private async call({ member, event, partitions, error }: MemberRequest): Promise<void> {
    const listener = this.listeners.get(member);
    if (event === 'onFailed') listener?.onFailed(errorFromWire(error as never));
    else await listener?.[event](partitions);
  }
}
