/** A write that gets no answer: given up when another primary is named, and not held against the reads of the node that forwarded it. */
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { StaticCredentials } from '../../../src/registry/credentials.ts';
import { type CallResult, RegistryEndpoints } from '../../../src/registry/endpoints.ts';
import type { HttpRequest } from '../../../src/registry/http-transport.ts';
import { NoPrimaryKnowledge } from '../../../src/registry/registry-knowledge.ts';
import { byIdRequest, lookupRequest, registerRequest } from '../../../src/registry/registry-requests.ts';
import type { PrimaryEpoch } from '../../../src/registry/registry-snapshot.ts';
import { primaryEpoch } from '../../support/primary-epochs.ts';
import { error, ok, type Reply, ScriptedTransport } from './scripted-transport.ts';
import { NODE_A, NODE_B, register, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

const [A, B, C] = ['http://a:1', 'http://b:1', 'http://c:1'] as const;
const schema = { schemaType: 'AVRO', schema: '"string"', references: [] } as const;
const read = byIdRequest(1);
const write = registerRequest('s', schema, false);
const lookup = lookupRequest('s', schema, false);
const good = ok({ schema: '"string"', id: 1 });
const none = error(404, 40403, 'Schema not found');

interface Sent {
  result: CallResult | undefined;
  failed: unknown;
  ms: number | undefined;
}

/** Nodes whose reads work, and look-ups find nothing; writes are as a test says. */
class Cluster {
  readonly clock = new ManualClock();
  readonly transport = new ScriptedTransport(this.clock);
  readonly writes = new Map<string, () => Reply>();
  readonly changes: string[] = [];
  readonly endpoints: RegistryEndpoints;
  readonly life = new AbortController();
  primary: string | null = A;
  found: Reply = none;

  constructor(nodes: readonly string[] = [A, B, C]) {
    for (const node of nodes) {
      this.transport.nodes.set(node, ({ channel, method }: HttpRequest) => {
        if (channel === 'write') return (this.writes.get(node) ?? (() => good))();
        return method === 'POST' ? this.found : good;
      });
    }
    this.endpoints = new RegistryEndpoints({
      nodes,
      transport: this.transport,
      credentials: new StaticCredentials({}),
      clock: this.clock,
      primary: () => this.primary,
      requestTimeoutMs: 5000,
      headers: {},
      randomize: false,
      random: () => 0.5,
      onNode: (node, alive) => this.changes.push(`${node} ${alive ? 'alive' : 'dead'}`),
    });
  }

  write(): Sent {
    const sent: Sent = { result: undefined, failed: undefined, ms: undefined };
    const beganAt = this.clock.monotonic();
    const { signal } = this.life;
    const resolveUnknown = (): Promise<CallResult> => this.endpoints.call(lookup, signal, { believesOne: true });
    this.endpoints.call(write, signal, { resolveUnknown }).then(
      (result) => {
        sent.result = result;
        sent.ms = this.clock.monotonic() - beganAt;
      },
      (reason: unknown) => {
        sent.failed = reason;
      },
    );
    return sent;
  }

  named(primary: string | null): void {
    this.primary = primary;
    this.endpoints.primaryNamed();
  }

  /** `node METHOD` of what was asked since the last call, look-ups as `look`. */
  asked(): string[] {
    return this.transport.requests
      .splice(0)
      .map(
        ({ node, channel, method }) => `${node} ${channel === 'write' ? 'write' : method === 'POST' ? 'look' : 'read'}`,
      );
  }

  async reads(count: number): Promise<Record<string, number>> {
    this.asked();
    const counts: Record<string, number> = {};
    for (let n = 0; n < count; n++) {
      const asked = this.endpoints.call(read, this.life.signal);
      await this.clock.advance(1);
      counts[(await asked).node] = (counts[(await asked).node] ?? 0) + 1;
    }
    return counts;
  }
}

describe('a write that is broken off', () => {
  it('on a new connection too, has its node asked, and counts it as dead if there is no answer', async () => {
    const cluster = new Cluster([A]);
    cluster.writes.set(A, () => 'reset');
    const sent = cluster.write();
    await cluster.clock.advance(0);
    expect(sent.result?.verdict).toMatchObject({ class: 'park', outcomeUnknown: true });
    // Writes, look-ups between them whether the first was carried out, and the question after the node.
    expect(cluster.asked()).toEqual([`${A} write`, `${A} look`, `${A} look`, `${A} write`, `${A} read`]);
    expect(cluster.changes).toEqual([]);
    cluster.transport.nodes.set(A, ({ channel }) => (channel === 'write' ? 'reset' : 'refused'));
    cluster.write();
    await cluster.clock.advance(0);
    expect(cluster.changes).toEqual([`${A} dead`]);
  });
});

describe('a write that hangs', () => {
  it('is given up when another primary is named, looked for, and sent to the new one', async () => {
    const cluster = new Cluster();
    cluster.writes.set(A, () => 'hung');
    const sent = cluster.write();
    await cluster.clock.advance(2000);
    cluster.named(B);
    await cluster.clock.advance(0);
    expect(sent).toMatchObject({ ms: 2000, result: { node: B, verdict: { class: 'ok' } } });
    const [first, look, second, ...more] = cluster.asked().filter((request) => !request.endsWith('read'));
    expect([first, second, more]).toEqual([`${A} write`, `${B} write`, []]);
    expect(look).toMatch(/^http:\/\/[bc]:1 look$/);
    expect(cluster.clock.pendingTimers).toBe(0);
  });

  it('is not sent again when it is found to have been carried out', async () => {
    const cluster = new Cluster();
    cluster.writes.set(A, () => 'hung');
    cluster.found = good;
    const sent = cluster.write();
    await cluster.clock.advance(2000);
    cluster.named(B);
    await cluster.clock.advance(0);
    expect(sent.result?.verdict.class).toBe('ok');
    expect(cluster.asked().filter((request) => request.endsWith('write'))).toEqual([`${A} write`]);
  });

  it('may be answered by a primary that hands over its role', async () => {
    const cluster = new Cluster();
    cluster.writes.set(A, () => ({ ...(good as object), delayMs: 300 }) as Reply);
    const sent = cluster.write();
    await cluster.clock.advance(100);
    cluster.named(B);
    await cluster.clock.advance(1000);
    expect(sent).toMatchObject({ ms: 300, result: { node: A, verdict: { class: 'ok' } } });
    expect(cluster.asked()).toEqual([`${A} write`]);
    cluster.primary = A;
    cluster.writes.set(A, () => 'hung');
    const again = cluster.write();
    await cluster.clock.advance(100);
    cluster.named(B);
    await cluster.clock.advance(399);
    expect(again.result).toBeUndefined();
    await cluster.clock.advance(1);
    expect(again).toMatchObject({ ms: 500, result: { node: B } });
  });

  it('is sent once more to the node that forwarded it, when that is the new primary', async () => {
    const cluster = new Cluster([A, B]);
    cluster.transport.nodes.set(A, () => 'refused');
    let hangs = true;
    cluster.writes.set(B, () => (hangs ? 'hung' : good));
    const sent = cluster.write();
    await cluster.clock.advance(1500);
    hangs = false;
    cluster.named(B);
    await cluster.clock.advance(0);
    expect(sent).toMatchObject({ ms: 1500, result: { node: B, verdict: { class: 'ok' } } });
  });

  it('goes on, in doubt about the primary alone, until its time limit', async () => {
    const cluster = new Cluster();
    cluster.writes.set(A, () => 'hung');
    const sent = cluster.write();
    await cluster.clock.advance(4999);
    expect(sent.result).toBeUndefined();
    await cluster.clock.advance(1);
    expect(sent).toMatchObject({ ms: 5000, result: { verdict: { class: 'ok' } } });
  });

  it('says that it may have been carried out when the new primary does not write yet, and does not wait for the old one', async () => {
    const cluster = new Cluster();
    cluster.writes.set(A, () => 'hung');
    for (const node of [B, C]) cluster.writes.set(node, () => error(500, 50003, 'no primary'));
    const sent = cluster.write();
    await cluster.clock.advance(2000);
    cluster.named(B);
    await cluster.clock.advance(0);
    expect(sent).toMatchObject({ ms: 2000, result: { verdict: { class: 'park', outcomeUnknown: true } } });
    expect(cluster.asked().filter((request) => request === `${A} write`)).toHaveLength(1);
    const next = cluster.write();
    await cluster.clock.advance(0);
    expect(next.ms).toBe(0);
  });

  it('ends with the signal', async () => {
    const cluster = new Cluster();
    cluster.writes.set(A, () => 'hung');
    const sent = cluster.write();
    await cluster.clock.advance(100);
    cluster.life.abort(new Error('closed'));
    await cluster.clock.advance(0);
    expect(sent.failed).toEqual(new Error('closed'));
    expect(cluster.clock.pendingTimers).toBe(0);
  });

  it('leads to a fresh connection where one URL stands for all nodes', async () => {
    const cluster = new Cluster([A]);
    let hangs = true;
    cluster.writes.set(A, () => (hangs ? 'hung' : good));
    const sent = cluster.write();
    await cluster.clock.advance(2000);
    hangs = false;
    cluster.named(null);
    await cluster.clock.advance(0);
    expect(sent).toMatchObject({ ms: 2000, result: { verdict: { class: 'ok' } } });
    expect(cluster.transport.requests.filter(({ channel }) => channel === 'write').map(({ fresh }) => fresh)).toEqual([
      false,
      true,
    ]);
  });
});

describe('the reads of a node whose write is not answered', () => {
  it('go on: it is not dead, and costs no more than others', async () => {
    const cluster = new Cluster();
    cluster.primary = null;
    for (const node of [A, B, C]) cluster.writes.set(node, () => 'hung');
    const sent = cluster.write();
    await cluster.clock.advance(1000);
    expect(await cluster.reads(30)).toEqual({ [A]: 10, [B]: 10, [C]: 10 });
    await cluster.clock.advance(15_000);
    expect(sent.result?.verdict).toMatchObject({ class: 'park', outcomeUnknown: true });
    expect(cluster.changes).toEqual([]);
    expect(await cluster.reads(30)).toEqual({ [A]: 10, [B]: 10, [C]: 10 });
    expect(cluster.endpoints.health().map(({ failures }) => failures)).toEqual([1, 1, 1]);
  });

  it('stop when it is frozen, which is found out at once: neither reads nor the barrier wait for it', async () => {
    const cluster = new Cluster();
    cluster.transport.nodes.set(A, () => 'hung');
    const sent = cluster.write();
    await cluster.clock.advance(2999);
    expect(cluster.changes).toEqual([]);
    await cluster.clock.advance(1);
    expect(cluster.changes).toEqual([`${A} dead`]);
    expect(cluster.endpoints.isAlive(A)).toBe(false);
    cluster.named(B);
    await cluster.clock.advance(0);
    expect(sent).toMatchObject({ ms: 3000, result: { node: B, verdict: { class: 'ok' } } });
    const looks = cluster.transport.requests.filter(({ path }) => path === '/');
    expect(looks.map(({ node, fresh, timeoutMs }) => [node, fresh, timeoutMs])).toEqual([[A, true, 2000]]);
    cluster.transport.nodes.set(A, () => good);
    await cluster.clock.advance(15_000);
    expect(cluster.changes).toEqual([`${A} dead`, `${A} alive`]);
    expect(cluster.clock.pendingTimers).toBe(0);
  });

  it('go on where it only forwarded the write to a primary that is frozen', async () => {
    const cluster = new Cluster();
    cluster.transport.nodes.set(A, ({ path }) => (path === '/' ? 'hung' : 'reset'));
    cluster.writes.set(B, () => 'hung');
    cluster.primary = B;
    cluster.write();
    cluster.primary = A;
    await cluster.clock.advance(3000);
    expect(cluster.changes).toEqual([`${A} dead`]);
  });

  it('come after the others only where it is the primary, and until it answers one', async () => {
    const cluster = new Cluster();
    cluster.writes.set(A, () => 'hung');
    const sent = cluster.write();
    await cluster.clock.advance(5000);
    expect(sent.result).toMatchObject({ node: expect.stringMatching(/[bc]:1$/) });
    expect(await cluster.reads(10)).not.toHaveProperty([A]);
    await cluster.clock.advance(5000);
    expect(await cluster.reads(9)).toHaveProperty([A]);
  });

  it('tell nothing of its writes: others get them for ten seconds, or until it answers one', async () => {
    const cluster = new Cluster();
    cluster.writes.set(A, () => 'hung');
    cluster.write();
    await cluster.clock.advance(5000);
    cluster.writes.delete(A);
    cluster.asked();
    cluster.write();
    await cluster.clock.advance(0);
    expect(cluster.asked()).not.toContain(`${A} write`);
    await cluster.clock.advance(10_000);
    cluster.write();
    await cluster.clock.advance(0);
    expect(cluster.asked()).toEqual([`${A} write`]);
  });
});

describe('a change of primary', () => {
  class Primary extends NoPrimaryKnowledge {
    at = NODE_A;

    override primary(): string {
      return this.at;
    }
  }
  const named = (cause: PrimaryEpoch['cause']) => primaryEpoch({ cause, epoch: cause, url: NODE_B });

  it.each<[PrimaryEpoch['cause'], number]>([
    ['group-elected', 2000],
    ['health-changed', 2000],
    ['write-moved', 2000],
    // Nobody else is there to write to.
    ['primary-lost', 5000],
    ['outage-ended', 5000],
  ])('gives up what hangs when it names another one: %s', async (cause, ms) => {
    const knowledge = new Primary();
    const worker = new WorkerOfRegistries({ knowledge, nodes: [NODE_A, NODE_B] });
    const { handle } = worker.registry;
    worker.transport.nodes.set(NODE_A, (request) => (request.channel === 'write' ? 'hung' : handle(request)));
    const task = new Task(worker, worker.host(), { 'schema.registry.url': `${NODE_A},${NODE_B}` });
    task.begin(register('s'));
    await worker.clock.advance(2000);
    if (cause !== 'primary-lost' && cause !== 'outage-ended') knowledge.at = NODE_B;
    worker.changed({ epoch: named(cause), previous: null, suspectSince: worker.clock.now() });
    await worker.clock.advance(Math.max(0, ms - 2001));
    if (ms > 2001) expect(task.answer).toBeUndefined();
    await worker.clock.advance(500);
    expect(wordsOf(task.answer)).toBe('known 1');
  });
});
