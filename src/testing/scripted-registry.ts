import type { GroupDescription } from '../broker/ports.ts';
import { AssignedElection } from '../embedded-registry/primary-election.ts';
import { RegistryCluster } from '../embedded-registry/registry-cluster.ts';
import { RegistryCore } from '../embedded-registry/registry-core.ts';
import type { RegistryNode } from '../embedded-registry/registry-node.ts';
import {
  decodeRecord,
  encodeRecord,
  type RecordBytes,
  type RegistryRecord,
  type StoredSchema,
} from '../embedded-registry/registry-record.ts';
import { type LoggedRecord, MemorySchemasLog } from '../embedded-registry/schemas-log.ts';
import { type RegistryTimings, type RegistryVendor, vendorProfiles } from '../embedded-registry/vendor-profile.ts';
import { type Clock, systemClock, type Timer } from '../foundation/clock.ts';
import { type Logger, silentLogger } from '../foundation/logger.ts';
import type { HttpTransport } from '../registry/http-transport.ts';
import type { SchemaText } from '../sdk/schema-view.ts';
import { FaultRules, type RuleHandle, type ScriptedRule } from './scripted-registry-faults.ts';
import { GroupScript } from './scripted-registry-group.ts';
import { RequestLog } from './scripted-registry-requests.ts';
import { type AcknowledgedId, RequestScript } from './scripted-registry-script.ts';
import type { RegistryTimeline, TimelineRole, TimelineStep } from './scripted-registry-timelines.ts';
import { ScriptedTransport } from './scripted-registry-transport.ts';

/** How many nodes there are, whose manners they have, and where they listen. */
export interface ScriptedRegistryOptions {
  /** 1 unless told. */
  readonly nodes?: number;
  /** Confluent unless told. */
  readonly vendor?: RegistryVendor;
  /** The machine's unless told. A manual one goes with `listen: false`. */
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** false: no ports; clients use `transport()`. */
  readonly listen?: boolean;
  /** Loopback unless told. */
  readonly host?: string;
  /** Any free ones unless told. */
  readonly ports?: readonly number[];
  readonly kafkaClusterId?: string;
  readonly groupId?: string;
  /** The primary at the start; node 0 unless told, null: none. */
  readonly primary?: number | null;
  /** How many requests are kept in full; 50,000 unless told. */
  readonly requestLimit?: number;
}

/** What can be done to one node. */
export interface ScriptedNode {
  readonly url: string;
  readonly isPrimary: boolean;
  /** As SIGKILL: its port refuses, what it was doing is lost. */
  stop(): Promise<void>;
  /** Reads the log anew, from its start. */
  start(): Promise<void>;
  /** As SIGSTOP: accepts, and does nothing. */
  freeze(): void;
  thaw(): void;
  /** Its port refuses, and it lives on. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  /** Its view is so many ms late, from now on. */
  setLag(lagMs: number): void;
  /** Nothing new reaches its view until `resumeReading`. */
  pauseReading(): void;
  resumeReading(): void;
}

/** A timeline that is being played. */
export interface TimelineRun {
  /** Resolves after its last step; rejects when the registry is stopped before. */
  readonly done: Promise<void>;
}

const TIMINGS: RegistryTimings = {
  sessionTimeoutMs: 10_000,
  rebalanceMs: 0,
  primaryWaitMs: 0,
  forwardTimeoutMs: 60_000,
  catchUpTimeoutMs: 60_000,
  storeTimeoutMs: 60_000,
  replayMs: 0,
};

/**
 * A schema registry for tests that does what a script says.
 *
 * Beneath the script it is a real one: several nodes, each with its own copy of one log, a primary, Confluent's or Karapace's
 * answers. So a test says only what goes wrong.
 *
 * ```ts
 * const registry = await ScriptedRegistry.start({ nodes: 2, vendor: 'karapace' });
 * worker.set('value.converter.schema.registry.url', registry.urls.join(','));
 *
 * // The third registration at node 0 takes effect, and its answer gets lost:
 * registry.script({ node: 0, operation: 'register', skip: 2, times: 1, fault: { kind: 'lose-answer' } });
 *
 * // For 10 s nobody takes new schemas; known ones are answered all the time:
 * registry.script({ stage: 'write', untilMs: 10_000, fault: errorAnswer(500, 50003) });
 *
 * // Node 1 denies what it has not read yet:
 * registry.node(1).setLag(500);
 *
 * // kill -9 of the primary, as it was measured:
 * await registry.play(registryTimelines.karapaceKill9).done;
 *
 * expect(registry.requests.peak(1000)).toBeLessThan(20);
 * expect(registry.acknowledged()).toEqual(...);
 * await registry.stop();
 * ```
 *
 * With `listen: false` it opens no ports; `transport()` then is the client's way to it, and with a `ManualClock` everything,
 * the timelines too, happens in virtual time.
 */
export class ScriptedRegistry {
  readonly requests: RequestLog;
  /** The group as DescribeGroups would show it; follows `setPrimary` unless it is told otherwise. */
  readonly group: GroupScript;
  private readonly cluster: RegistryCluster;
  private readonly election: AssignedElection;
  private readonly log: MemorySchemasLog;
  private readonly clock: Clock;
  private readonly rules: FaultRules;
  private readonly startedAt: number;
  private readonly end = new AbortController();
  /** Of rules that end by themselves. */
  private readonly timers = new Set<Timer>();
  private readonly acks: AcknowledgedId[];

  private constructor(parts: {
    readonly cluster: RegistryCluster;
    readonly election: AssignedElection;
    readonly log: MemorySchemasLog;
    readonly clock: Clock;
    readonly rules: FaultRules;
    readonly requests: RequestLog;
    readonly acks: AcknowledgedId[];
    readonly group: GroupScript;
    readonly startedAt: number;
  }) {
    this.cluster = parts.cluster;
    this.election = parts.election;
    this.log = parts.log;
    this.clock = parts.clock;
    this.rules = parts.rules;
    this.requests = parts.requests;
    this.acks = parts.acks;
    this.group = parts.group;
    this.startedAt = parts.startedAt;
  }

  /** Resolves when every node answers. */
  static async start(options: ScriptedRegistryOptions = {}): Promise<ScriptedRegistry> {
    const { vendor = 'confluent', clock = systemClock, logger = silentLogger, nodes = 1 } = options;
    const startedAt = clock.monotonic();
    const now = (): number => clock.monotonic() - startedAt;
    const log = new MemorySchemasLog();
    const election = new AssignedElection(null);
    const rules = new FaultRules({ now });
    const requests = new RequestLog({ limit: options.requestLimit ?? 50_000 });
    const acks: AcknowledgedId[] = [];
    const script = new RequestScript({ rules, requests, acks, clock, now });
    const groupId = options.groupId ?? 'schema-registry';
    const cluster = await RegistryCluster.open(
      {
        host: options.host ?? '127.0.0.1',
        ports: Array.from(
          { length: nodes },
          (_, i) => options.ports?.[i] ?? (options.listen === false ? 18_081 + i : 0),
        ),
        listen: options.listen ?? true,
        core: { vendor, groupId, kafkaClusterId: options.kafkaClusterId ?? 'scripted-cluster' },
        profile: vendorProfiles[vendor],
        log,
        clock,
        logger,
        timings: TIMINGS,
        election: () => election,
        intercept: (node, request, signal, next) => script.atPort(node, request, signal, next),
      },
      new AbortController().signal,
    );
    for (const [index, node] of cluster.nodes.entries()) {
      node.writeOverride = (request, operation, signal, proceed) =>
        script.atWrite(index, request, operation, signal, proceed);
    }
    const group = new GroupScript({ groupId, urls: cluster.nodes.map(({ url }) => url) });
    const parts = { cluster, election, log, clock, rules, requests, acks, group, startedAt };
    const registry = new ScriptedRegistry(parts);
    await registry.setPrimary(options.primary === undefined ? 0 : options.primary);
    return registry;
  }

  get urls(): readonly string[] {
    return this.cluster.nodes.map(({ url }) => url);
  }

  /** ms since the start. */
  get elapsedMs(): number {
    return this.clock.monotonic() - this.startedAt;
  }

  node(index: number): ScriptedNode {
    const node = this.cluster.node(index);
    return {
      url: node.url,
      get isPrimary() {
        return node.isPrimary;
      },
      stop: () => this.cluster.stopNode(index, { isGraceful: false }),
      start: () => {
        this.group.rejoin(index);
        return this.cluster.startNode(index, this.end.signal);
      },
      freeze: () => this.cluster.freezeNode(index),
      thaw: () => this.cluster.thawNode(index),
      refuse: () => this.cluster.setListening(index, false),
      accept: () => this.cluster.setListening(index, true),
      setLag: (lagMs) => node.lag.set(lagMs),
      pauseReading: () => node.lag.hold(),
      resumeReading: () => node.lag.release(),
    };
  }

  /** At once and without any of the delays of an election. Resolves when it takes schemas, if it is up. */
  async setPrimary(index: number | null): Promise<void> {
    const node = index === null ? undefined : this.cluster.node(index);
    this.election.assign(node?.url ?? null);
    this.group.follow(index);
    if (node?.condition === 'up' && !node.lag.held) await node.becomingWritable;
  }

  /** Adds a rule; the one added last is asked first. */
  script(rule: ScriptedRule): RuleHandle {
    const handle = this.rules.add(rule);
    if (rule.untilMs !== undefined) {
      const expire = (): void => {
        this.timers.delete(timer);
        this.rules.expire();
      };
      const timer = this.clock.setTimer(expire, rule.untilMs, { unref: true });
      this.timers.add(timer);
    }
    return handle;
  }

  /** Ends every rule. */
  clearScript(): void {
    this.rules.clear();
  }

  /** `hurt`: the node it happens to; the primary unless told. */
  play(timeline: RegistryTimeline, options: { readonly hurt?: number } = {}): TimelineRun {
    const primary = this.cluster.nodes.findIndex(({ url }) => url === this.election.primary);
    const hurt = options.hurt ?? Math.max(0, primary);
    const run = async (): Promise<void> => {
      const begun = this.clock.monotonic();
      const time = (step: TimelineStep): number => ('fromMs' in step ? step.fromMs : step.atMs);
      const end = Math.max(0, ...timeline.steps.map((step) => ('untilMs' in step ? step.untilMs : step.atMs)));
      for (const step of timeline.steps.toSorted((a, b) => time(a) - time(b))) {
        await this.clock.sleep(Math.max(0, begun + time(step) - this.clock.monotonic()), this.end.signal);
        await this.perform(step, hurt);
      }
      await this.clock.sleep(Math.max(0, begun + end - this.clock.monotonic()), this.end.signal);
    };
    const done = run();
    done.catch(() => {});
    return { done };
  }

  private async perform(step: TimelineStep, hurt: number): Promise<void> {
    const survivor = hurt === 0 ? Math.min(1, this.cluster.nodes.length - 1) : 0;
    if ('elect' in step) {
      const elected = { hurt, survivor, none: null }[step.elect];
      this.election.assign(elected === null ? null : this.cluster.node(elected).url);
    } else if ('group' in step) {
      const { group } = step;
      const primary = 'primary' in group ? { hurt, survivor, none: null }[group.primary] : null;
      this.group.show(group.state, primary);
    } else if ('do' in step) {
      for (const index of this.nodesOf(step.at, hurt)) await this.act(step.do, index);
    } else {
      const { at, fromMs, untilMs, ...rule } = step;
      this.script({ ...rule, node: this.nodesOf(at, hurt), untilMs: untilMs - fromMs });
    }
  }

  private nodesOf(role: TimelineRole, hurt: number): readonly number[] {
    const all = [...this.cluster.nodes.keys()];
    if (role === 'all') return all;
    return all.filter((index) => (index === hurt) === (role === 'hurt'));
  }

  private async act(action: Extract<TimelineStep, { readonly do: string }>['do'], index: number): Promise<void> {
    const node = this.node(index);
    switch (action) {
      case 'stop':
        return node.stop();
      case 'start':
        return void node.start().catch(() => {});
      case 'freeze':
        return node.freeze();
      case 'thaw':
        return node.thaw();
      case 'hold-reading':
        return node.pauseReading();
      case 'resume-reading':
        return node.resumeReading();
    }
  }

  /** Registers without a request: what the registry knows before the test begins. Resolves with the id, known everywhere. */
  async register(subject: string, schema: string | SchemaText): Promise<number> {
    const body = JSON.stringify(typeof schema === 'string' ? { schema } : schema);
    const request = { method: 'POST', path: `/subjects/${encodeURIComponent(subject)}/versions`, body };
    const evaluation = this.replayed().evaluate(request, 'primary');
    if (evaluation.kind === 'write') await this.append(...evaluation.records);
    const answer = 'answer' in evaluation ? evaluation.answer : undefined;
    if (answer?.status !== 200) throw new Error(`The registry refused the schema: ${JSON.stringify(answer)}`);
    return (answer.body as { readonly id: number }).id;
  }

  /** Puts records into the log past everything that would check them: duplicate ids, damage, another writer's. */
  async append(...records: readonly (RegistryRecord | RecordBytes)[]): Promise<void> {
    const bytes = records.map((record) => ('keytype' in record ? encodeRecord(record) : record));
    const offset = await this.log.append(bytes);
    const reading = this.cluster.nodes.filter((node) => node.condition === 'up' && !isBehind(node));
    // A node that goes down meanwhile reads it when it is back.
    const applied = reading.map((node) => node.applied(offset + 1, this.end.signal).catch(() => {}));
    await Promise.all(applied);
  }

  /** The log as it is. */
  records(): readonly LoggedRecord[] {
    return this.log.records;
  }

  /** What a node that has read the whole log would know: the truth to check clients against. */
  schemas(): readonly StoredSchema[] {
    return this.replayed().state.schemas({ deleted: true, subjectPrefix: '' });
  }

  /** Ids that clients were told, answers that got lost not among them. */
  acknowledged(): readonly AcknowledgedId[] {
    return this.acks;
  }

  /** Cuts the log back to its first `count` records, as a restore of an old backup does, and restarts every node over it. */
  async restoreTo(count: number): Promise<void> {
    const { primary } = this.election;
    const up = [...this.cluster.nodes.keys()].filter((index) => this.cluster.node(index).condition !== 'down');
    for (const index of up) await this.node(index).stop();
    this.log.records.splice(count);
    for (const index of up) await this.node(index).start();
    this.election.assign(primary);
  }

  /** The client's HTTP without sockets. */
  transport({ latencyMs = 0 }: { readonly latencyMs?: number } = {}): HttpTransport {
    const indexOf = (url: string): number => this.cluster.nodes.findIndex((node) => node.url === url);
    return new ScriptedTransport({
      clock: this.clock,
      latencyMs,
      isListening: (url) => indexOf(url) >= 0 && this.cluster.isListening(indexOf(url)),
      serve: (url, request, signal) => this.cluster.serve(indexOf(url), request, signal),
    });
  }

  /** Admin's answer for the group; rejects while the script says that no broker could tell. */
  describeGroup(): GroupDescription {
    return this.group.describe();
  }

  async stop(): Promise<void> {
    this.end.abort(new Error('the scripted registry is stopped'));
    for (const timer of this.timers) timer.cancel();
    this.rules.clear();
    await this.cluster.close();
  }

  private replayed(): RegistryCore {
    const core = new RegistryCore({ vendor: this.vendor, kafkaClusterId: '' });
    for (const { key, value } of this.log.records) {
      const decoded = decodeRecord(key, value, core.profile);
      if (decoded.kind === 'record') core.apply(decoded.record);
    }
    return core;
  }

  private get vendor(): RegistryVendor {
    return this.cluster.vendor;
  }
}

function isBehind(node: RegistryNode): boolean {
  return node.lag.held || node.lag.lagMs > 0;
}
