/**
 * What goes over the connections of one client, in all and by broker: `producer-metrics`, `producer-node-metrics` and the like. A few
 * additions per request. What authenticates is not in the bytes.
 */
import { SampledStat, type SampleWindows } from '../../../foundation/sampled-stat.ts';
import type { FigureGroup } from '../../client-figures.ts';
import { Tally } from './tally.ts';

/** Of one broker, or of all. */
class Traffic {
  readonly outgoingBytes: Tally;
  readonly incomingBytes: Tally;
  readonly requests: Tally;
  readonly responses: Tally;
  private readonly requestSize: SampledStat;
  private readonly latencyMs: SampledStat;

  constructor(windows: SampleWindows) {
    this.outgoingBytes = new Tally(windows);
    this.incomingBytes = new Tally(windows);
    this.requests = new Tally(windows);
    this.responses = new Tally(windows);
    this.requestSize = new SampledStat({ windows });
    this.latencyMs = new SampledStat({ windows });
  }

  sent(bytes: number, now: number): void {
    this.outgoingBytes.add(bytes, now);
    this.requests.add(1, now);
    this.requestSize.record(bytes, now);
  }

  answered(bytes: number, latencyMs: number, now: number): void {
    this.incomingBytes.add(bytes, now);
    this.responses.add(1, now);
    this.latencyMs.record(latencyMs, now);
  }

  tell(values: Record<string, number>, now: number): void {
    this.outgoingBytes.tell('outgoing-byte', values, now);
    this.incomingBytes.tell('incoming-byte', values, now);
    this.requests.tell('request', values, now);
    this.responses.tell('response', values, now);
    values['request-size-avg'] = this.requestSize.average(now);
    values['request-size-max'] = this.requestSize.max(now);
  }

  tellLatency(values: Record<string, number>, now: number): void {
    values['request-latency-avg'] = this.latencyMs.average(now);
    values['request-latency-max'] = this.latencyMs.max(now);
  }
}

export class NetworkMeter {
  private readonly windows: SampleWindows;
  private readonly all: Traffic;
  private readonly networkIo: Tally;
  private readonly byAddress = new Map<string, Traffic>();
  private readonly creations: Tally;
  private readonly closes: Tally;
  private readonly authentications: Tally;
  private readonly failedAuthentications: Tally;
  private readonly reauthentications: Tally;
  private readonly failedReauthentications: Tally;
  private readonly reauthenticationMs: SampledStat;

  constructor(windows: SampleWindows) {
    this.windows = windows;
    this.all = new Traffic(windows);
    this.networkIo = new Tally(windows);
    this.creations = new Tally(windows);
    this.closes = new Tally(windows);
    this.authentications = new Tally(windows);
    this.failedAuthentications = new Tally(windows);
    this.reauthentications = new Tally(windows);
    this.failedReauthentications = new Tally(windows);
    this.reauthenticationMs = new SampledStat({ windows });
  }

  opened(now: number): void {
    this.creations.add(1, now);
  }

  closed(now: number): void {
    this.closes.add(1, now);
  }

  sent(address: string, bytes: number, now: number): void {
    this.all.sent(bytes, now);
    this.of(address).sent(bytes, now);
    this.networkIo.add(1, now);
  }

  answered(address: string, bytes: number, latencyMs: number, now: number): void {
    this.all.answered(bytes, latencyMs, now);
    this.of(address).answered(bytes, latencyMs, now);
    this.networkIo.add(1, now);
  }

  /** A connection by TLS or SASL was let in. */
  authenticated(now: number): void {
    this.authentications.add(1, now);
  }

  refused(now: number): void {
    this.failedAuthentications.add(1, now);
  }

  /** The broker wanted to be convinced anew (KIP-368). */
  authenticatedAgain(elapsedMs: number, now: number): void {
    this.reauthentications.add(1, now);
    this.reauthenticationMs.record(elapsedMs, now);
  }

  refusedAgain(now: number): void {
    this.failedReauthentications.add(1, now);
  }

  /** `<prefix>-metrics`. */
  values(now: number): Record<string, number> {
    const values: Record<string, number> = { 'connection-count': this.creations.total - this.closes.total };
    this.creations.tell('connection-creation', values, now);
    this.closes.tell('connection-close', values, now);
    this.all.tell(values, now);
    this.networkIo.tell('network-io', values, now);
    this.authentications.tell('successful-authentication', values, now);
    this.failedAuthentications.tell('failed-authentication', values, now);
    this.reauthentications.tell('successful-reauthentication', values, now);
    this.failedReauthentications.tell('failed-reauthentication', values, now);
    values['reauthentication-latency-avg'] = this.reauthenticationMs.average(now);
    values['reauthentication-latency-max'] = this.reauthenticationMs.max(now);
    return values;
  }

  /** `<prefix>-node-metrics`. `nodeOf` names the broker at an address, as Kafka does: `node-1`, and `node--1` for the first to bootstrap from. */
  nodes(prefix: string, nodeOf: (address: string) => string, now: number): FigureGroup[] {
    const groups = new Map<string, FigureGroup>();
    for (const [address, traffic] of this.byAddress) {
      const node = nodeOf(address);
      const values: Record<string, number> = {};
      traffic.tell(values, now);
      traffic.tellLatency(values, now);
      // A broker that has moved: its former address is not in use any more.
      groups.set(node, { type: `${prefix}-node-metrics`, tags: { 'node-id': node }, values });
    }
    return [...groups.values()];
  }

  private of(address: string): Traffic {
    let traffic = this.byAddress.get(address);
    if (traffic === undefined) {
      traffic = new Traffic(this.windows);
      this.byAddress.set(address, traffic);
    }
    return traffic;
  }
}
