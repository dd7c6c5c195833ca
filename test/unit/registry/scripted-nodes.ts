import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { StaticCredentials } from '../../../src/registry/credentials.ts';
import {
  type CallOptions,
  type CallResult,
  type EndpointsOptions,
  type ExchangeReport,
  RegistryEndpoints,
  type RegistryRequest,
} from '../../../src/registry/endpoints.ts';
import { byIdRequest } from '../../../src/registry/registry-requests.ts';
import { ok, type Reply, ScriptedTransport } from './scripted-transport.ts';

export const [A, B, C] = ['http://a:1', 'http://b:1', 'http://c:1'] as const;
const never = new AbortController().signal;
const read = byIdRequest(1);

export const good: Reply = ok({ schema: '"string"', id: 1 });
export const delayed = (delayMs: number): Reply => ({ status: 200, body: { schema: '"string"', id: 1 }, delayMs });

/** Three nodes, each a function that a test may change. */
export class ScriptedNodes {
  readonly clock = new ManualClock();
  readonly transport = new ScriptedTransport(this.clock);
  readonly replies: Record<string, () => Reply> = {};
  readonly changes: string[] = [];
  readonly reports: ExchangeReport[] = [];
  readonly endpoints: RegistryEndpoints;
  primary: string | null = null;
  readonly ready = new Map<string, boolean>();

  constructor(options: Partial<EndpointsOptions> = {}) {
    const nodes = options.nodes ?? [A, B, C];
    for (const node of nodes) this.transport.nodes.set(node, () => (this.replies[node] ?? (() => good))());
    this.endpoints = new RegistryEndpoints({
      nodes,
      transport: this.transport,
      credentials: new StaticCredentials({}),
      clock: this.clock,
      primary: () => this.primary,
      isReady: (node) => this.ready.get(node) ?? null,
      requestTimeoutMs: 5000,
      headers: {},
      randomize: false,
      random: () => 0.5,
      onNode: (node, alive) => this.changes.push(`${node} ${alive ? 'alive' : 'dead'}`),
      onExchange: (report) => this.reports.push(report),
      ...options,
    });
  }

  /** Which nodes were asked since the last call of this. */
  asked(): string[] {
    return this.transport.requests.splice(0).map(({ node }) => node);
  }

  async call(request: RegistryRequest = read, options: CallOptions = {}): Promise<{ result: CallResult; ms: number }> {
    const beganAt = this.clock.monotonic();
    let done: CallResult | undefined;
    let failed: unknown;
    this.endpoints.call(request, never, options).then(
      (result) => {
        done = result;
      },
      (reason: unknown) => {
        failed = reason;
      },
    );
    for (let turn = 0; turn < 1000; turn++) {
      await this.clock.advance(0);
      if (failed !== undefined) throw failed;
      if (done !== undefined) return { result: done, ms: this.clock.monotonic() - beganAt };
      await this.clock.advance(this.clock.nextTimerInMs ?? 0);
    }
    throw new Error('the call does not end');
  }

  async counts(calls: number): Promise<Record<string, number>> {
    this.asked();
    for (let n = 0; n < calls; n++) await this.call();
    const counts: Record<string, number> = { [A]: 0, [B]: 0, [C]: 0 };
    for (const node of this.asked()) counts[node] = (counts[node] ?? 0) + 1;
    return counts;
  }
}
