/**
 * One node of a registry in a process of its own, so that a signal to the process hits what it would hit of a real one: its port, its
 * membership in the group that elects the primary, its copy of the topic. The nodes find each other through Kafka alone.
 */
import type { Broker } from '../broker/ports.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { ConfigError, defineErrorCode } from '../sdk/errors/index.ts';
import { urlOf } from './election-protocol.ts';
import { HttpListener, type HttpReply } from './http-listener.ts';
import { HttpPeer } from './http-peer.ts';
import { KafkaGroupElection } from './kafka-group-election.ts';
import { RegistryNode } from './registry-node.ts';
import type { RegistryRequest } from './routes.ts';
import { abortable } from './schemas-log.ts';
import { TEST_CONTROLS_PATH, testControl } from './test-controls.ts';
import { TopicSchemasLog } from './topic-schemas-log.ts';
import { type RegistryTimings, type RegistryVendor, vendorProfiles, vendorTimings } from './vendor-profile.ts';

export const REGISTRY_LISTENER = defineErrorCode('holdfast.embedded-registry.listener', {
  what: 'A node of the embedded registry can not listen where it was told to: its port is taken, or the address is none of this machine.',
  mend: 'Free the port, or name another one with --port, another address with --host.',
});

export interface RegistryProcessOptions {
  readonly broker: Broker;
  readonly host: string;
  readonly port: number;
  /** What the other nodes are told; where it listens unless told. */
  readonly advertised?: { readonly host?: string; readonly port?: number };
  readonly vendor: RegistryVendor;
  readonly groupId: string;
  readonly topic: string;
  /** Whether it may become the primary. */
  readonly isEligible: boolean;
  readonly timings?: Partial<RegistryTimings>;
  readonly heartbeatIntervalMs: number;
  readonly rebalanceTimeoutMs: number;
  /** Records reach its view so many ms late. */
  readonly lagMs: number;
  readonly allowTestControls: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The membership in the group has ended for good. */
  readonly onFailed: (error: Error) => void;
}

export interface RegistryProcess {
  readonly url: string;
  /** As on SIGTERM: its port refuses, and it leaves the group if its vendor's nodes do. */
  stop(): Promise<void>;
}

/**
 * Resolves when it answers and has read the topic, before the group has named a primary. Rejects, with nothing left open, with a ConfigError when
 * the port is taken (`holdfast.embedded-registry.listener`) or the topic is unfit, and when the signal is aborted.
 */
export async function startRegistryProcess(
  options: RegistryProcessOptions,
  signal: AbortSignal,
): Promise<RegistryProcess> {
  const { broker, host, vendor, groupId, topic, clock, logger, isEligible } = options;
  const profile = vendorProfiles[vendor];
  const timings: RegistryTimings = { ...vendorTimings[vendor], ...options.timings };
  const log = await TopicSchemasLog.open({ broker, topic, clock, logger }, signal);
  let parts: Parts | undefined;
  const listener = new HttpListener({
    host,
    port: options.port,
    handle: (request, gone) => answer(parts, request, gone),
  });
  try {
    // Only an open port tells which one it got; what comes before there is anything to answer is cut.
    if (profile.listensBeforeReplay || options.port === 0) await open(listener, host);
    const identity = {
      scheme: 'http' as const,
      host: options.advertised?.host ?? host,
      port: options.advertised?.port ?? listener.port,
      isEligible,
    };
    const url = urlOf(identity);
    const { heartbeatIntervalMs, rebalanceTimeoutMs, onFailed } = options;
    const { sessionTimeoutMs } = timings;
    const membership = { sessionTimeoutMs, heartbeatIntervalMs, rebalanceTimeoutMs };
    const election = new KafkaGroupElection({
      ...membership,
      ...{ broker, groupId, identity, profile, clock, logger, onFailed },
    });
    const node = new RegistryNode({
      url,
      core: { vendor, groupId, kafkaClusterId: await log.clusterId(signal) },
      ...{ log, clock, logger, timings, election },
      peer: (peer) => new HttpPeer(peer),
    });
    node.lag.set(options.lagMs);
    parts = { node, election, allowTestControls: options.allowTestControls };
    node.start({ replayMs: timings.replayMs });
    // Karapace's nodes stand for election before they know anything, Confluent's when they know all.
    if (profile.listensBeforeReplay) node.joinElection();
    await node.replayed(signal);
    await open(listener, host);
    if (!profile.listensBeforeReplay) node.joinElection();
    const stop = async (): Promise<void> => {
      await listener.close();
      await election.ended();
      node.stop();
      await log.close();
    };
    return { url, stop };
  } catch (error) {
    await listener.close();
    await parts?.election.ended();
    parts?.node.stop();
    await log.close();
    throw error;
  }
}

async function open(listener: HttpListener, host: string): Promise<void> {
  try {
    await listener.open();
  } catch (cause) {
    throw new ConfigError(
      `The registry node can't listen on ${host}:${listener.port}: ${(cause as Error).message}. Free the port, or name another one with --port, another address with --host.`,
      { code: REGISTRY_LISTENER, cause },
    );
  }
}

interface Parts {
  readonly node: RegistryNode;
  readonly election: KafkaGroupElection;
  readonly allowTestControls: boolean;
}

async function answer(parts: Parts | undefined, request: RegistryRequest, gone: AbortSignal): Promise<HttpReply> {
  if (parts === undefined) return { kind: 'cut' };
  if (parts.allowTestControls && request.path.startsWith(TEST_CONTROLS_PATH)) {
    return { kind: 'answer', answer: testControl(parts.node.lag, request) };
  }
  try {
    return { kind: 'answer', answer: await abortable(parts.node.handle(request, gone), gone) };
  } catch {
    return { kind: 'cut' };
  }
}
