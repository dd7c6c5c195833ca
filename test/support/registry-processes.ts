import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts';
import type { Broker, GroupDescription } from '../../src/broker/ports.ts';
import { decodeAssignment, urlOf } from '../../src/embedded-registry/election-protocol.ts';
import type { RegistryVendor } from '../../src/embedded-registry/vendor-profile.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { type RegisteredSchema, schemasInLog } from './chaos-verification.ts';
import { fetchJson } from './fetch-json.ts';
import { type HoldfastProcess, runHoldfast } from './holdfast-process.ts';
import { freePorts } from './ports.ts';
import { uniqueName } from './unique-name.ts';
import { eventually } from './worker-process.ts';

export interface RegistryProcessesOptions {
  readonly bootstrapServers: string;
  readonly vendor: RegistryVendor;
  /** How many nodes there are; those that are to be started later count. */
  readonly nodes: number;
  /** Which of them start now; all unless told. */
  readonly startNow?: readonly number[];
  /** A topic that is there already, with what another registry has written; a new one unless told. */
  readonly topic?: string;
  /** Further flags of `holdfast registry`. */
  readonly flags?: readonly string[];
  /** Of one node on top of these. */
  readonly flagsOf?: (node: number) => readonly string[];
}

/** What a registration that was not acknowledged came to. */
export interface Refusal {
  readonly status: number | 'no answer';
  /** null: no JSON with a code. */
  readonly code: number | null;
}

/**
 * A registry whose nodes are processes of their own, `holdfast registry`, over a real Kafka, with a group and a topic of its own. A
 * lower index is a lower URL, so node 0 is the primary whenever it can be.
 */
export class RegistryProcesses {
  readonly urls: readonly string[];
  readonly groupId: string;
  readonly topic: string;
  readonly broker: Broker;
  /** Every id that was acknowledged to `register`. */
  readonly acknowledged: RegisteredSchema[] = [];
  /** Every registration of `register` that was not, and may be in the log all the same. */
  readonly unanswered: { readonly subject: string; readonly schema: string }[] = [];
  private readonly options: RegistryProcessesOptions;
  private readonly ports: readonly number[];
  private readonly processes: (HoldfastProcess | undefined)[];
  private readonly admin;
  private probes = 0;

  private constructor(options: RegistryProcessesOptions, ports: readonly number[]) {
    this.options = options;
    this.ports = ports;
    this.urls = ports.map((port) => `http://127.0.0.1:${port}`);
    this.processes = ports.map(() => undefined);
    this.groupId = uniqueName('schema-registry');
    this.topic = options.topic ?? uniqueName('_schemas');
    const { bootstrapServers } = options;
    this.broker = createKafkaBroker({ bootstrapServers, logger: silentLogger, clock: systemClock });
    this.admin = this.broker.admin({ settings: {}, logger: silentLogger });
  }

  /** Resolves when the nodes that start now answer, all are in the group, and the lowest of them takes schemas. */
  static async start(options: RegistryProcessesOptions): Promise<RegistryProcesses> {
    const ports = (await freePorts(options.nodes)).sort((a, b) => a - b);
    const registry = new RegistryProcesses(options, ports);
    try {
      const now = options.startNow ?? ports.map((_, n) => n);
      await Promise.all(now.map((node) => registry.startNode(node)));
      await eventually(
        'a group of all nodes',
        async () => (await registry.describeGroup()).members.length === now.length,
        60_000,
      );
      await registry.untilNamed(Math.min(...now));
      await registry.writable();
    } catch (error) {
      await registry.stop();
      throw error;
    }
    return registry;
  }

  url(node: number): string {
    const url = this.urls[node];
    if (url === undefined) throw new RangeError(`there is no node ${node}`);
    return url;
  }

  /** Indexes of the nodes whose processes are there, stopped ones too. */
  get running(): readonly number[] {
    return [...this.processes.keys()].filter((node) => this.processes[node]?.isRunning === true);
  }

  /** The process exists, and says nothing yet. */
  async spawnNode(node: number): Promise<HoldfastProcess> {
    if (this.processes[node]?.isRunning) throw new Error(`node ${node} runs already`);
    const { bootstrapServers, vendor, flags = [], flagsOf } = this.options;
    const process = await runHoldfast([
      'registry',
      ...['--bootstrap-servers', bootstrapServers, '--vendor', vendor],
      ...['--port', String(this.ports[node]), '--group-id', this.groupId, '--topic', this.topic],
      '--allow-test-controls',
      ...flags,
      ...(flagsOf?.(node) ?? []),
    ]);
    this.processes[node] = process;
    return process;
  }

  /** Resolves when its port answers and it has read the topic. */
  async startNode(node: number): Promise<void> {
    await (await this.spawnNode(node)).waitForLine('schema registry is ready', { timeoutMs: 60_000 });
  }

  process(node: number): HoldfastProcess {
    const process = this.processes[node];
    if (process === undefined) throw new Error(`node ${node} was never started`);
    return process;
  }

  /** With SIGKILL and SIGTERM it resolves when the process is gone, with SIGSTOP and SIGCONT at once. */
  async signal(node: number, signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const process = this.process(node);
    await process.kill(signal);
    if (signal === 'SIGTERM') await process.waitForExit();
  }

  async control(node: number, control: 'pause-reading' | 'resume-reading' | `lag?ms=${number}`): Promise<void> {
    const { status } = await fetchJson(`${this.url(node)}/_test/${control}`, { method: 'POST' });
    if (status !== 200) throw new Error(`the control ${control} of node ${node} answered ${status}`);
  }

  /** The group that the nodes elect in, as any client of the broker sees it. */
  async describeGroup(): Promise<GroupDescription> {
    const [group] = await this.admin.describeGroups([this.groupId], AbortSignal.timeout(5_000));
    if (group === undefined) throw new Error(`no answer about group ${this.groupId}`);
    return group;
  }

  /** The node that a stable group names, which may be dead; null: none. */
  async named(): Promise<number | null> {
    const { state, members } = await this.describeGroup();
    const assignment = state === 'Stable' ? decodeAssignment(members[0]?.assignment ?? new Uint8Array()) : null;
    if (assignment === null || assignment.primary === null) return null;
    const node = this.urls.indexOf(urlOf(assignment.primary));
    return node < 0 ? null : node;
  }

  /** Until a stable group names that node. */
  async untilNamed(node: number, timeoutMs = 60_000): Promise<void> {
    await eventually(`node ${node} named`, async () => (await this.named()) === node, timeoutMs);
  }

  /** Registers at a node as another client would; resolves with the id, or how it was refused. Keeps both in mind. */
  async register(node: number, subject: string, schema: string, timeoutMs = 2_000): Promise<number | Refusal> {
    let refusal: Refusal;
    try {
      const response = await fetch(`${this.url(node)}/subjects/${subject}/versions`, {
        method: 'POST',
        headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
        body: JSON.stringify({ schema }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const body = jsonOf(await response.text());
      if (response.status === 200 && typeof body?.id === 'number') {
        this.acknowledged.push({ id: body.id, subject, schema });
        return body.id;
      }
      refusal = { status: response.status, code: body?.error_code ?? null };
    } catch {
      refusal = { status: 'no answer', code: null };
    }
    this.unanswered.push({ subject, schema });
    return refusal;
  }

  /** Until a node that runs takes a new schema. Resolves with the ms since the epoch at which it did. */
  async writable(timeoutMs = 90_000): Promise<number> {
    await eventually(
      'a node that takes schemas',
      async () => {
        for (const node of this.running) {
          const probe = `Probe${this.probes++}`;
          const schema = `{"type":"fixed","name":"${probe}","size":1}`;
          if (typeof (await this.register(node, probe, schema, 1_000)) === 'number') return true;
        }
        return false;
      },
      timeoutMs,
    );
    return Date.now();
  }

  /** Every schema record in the topic. */
  log(): Promise<readonly RegisteredSchema[]> {
    return schemasInLog(this.broker, this.topic);
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((process) => (process?.isRunning ? process.kill('SIGKILL') : undefined)));
    await this.broker.close();
  }
}

function jsonOf(text: string): { readonly id?: number; readonly error_code?: number } | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
