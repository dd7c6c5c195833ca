import { describe, expect, it } from 'vitest';
import { ClusterIdentity } from '../../../src/registry/cluster-identity.ts';
import type { EndpointsOptions } from '../../../src/registry/endpoints.ts';
import { IdVerifier } from '../../../src/registry/id-verifier.ts';
import { RegistryIntegrityError } from '../../../src/registry/registry-errors.ts';
import type { RegistryEvent } from '../../../src/registry/registry-events.ts';
import { SchemaContents } from '../../../src/registry/schema-contents.ts';
import { A, B, C, ScriptedNodes } from './scripted-nodes.ts';
import { error, ok, type Reply } from './scripted-transport.ts';

const denied = error(404, 40403, 'Schema not found');
const good = ok({ schema: '"int"' });
const busy: Reply = { status: 503, body: '', headers: { 'retry-after': '7' } };

class Verifying {
  readonly nodes: ScriptedNodes;
  readonly contents: SchemaContents;
  readonly events: RegistryEvent[] = [];
  readonly life = new AbortController();
  readonly verifier: IdVerifier;
  primary: string | null = null;

  constructor(replies: Partial<Record<string, Reply>>, options: Partial<EndpointsOptions> = {}) {
    this.nodes = new ScriptedNodes(options);
    this.set(replies);
    const { clock, endpoints } = this.nodes;
    const identity = new ClusterIdentity({ nodes: [A], store: null });
    this.contents = new SchemaContents({ clock, store: null, identity, epoch: () => 'e', maxEntries: 10 });
    this.contents.learn({
      id: 1,
      text: { schemaType: 'AVRO', schema: '"int"', references: [] },
      subject: undefined,
      node: A,
      sent: null,
    });
    this.verifier = new IdVerifier({
      endpoints,
      knowledge: { primary: () => this.primary },
      contents: this.contents,
      subjectOf: ({ context, id }) => (context === '' && id === 1 ? 'orders-value' : undefined),
      emit: (event) => this.events.push(event),
      signal: this.life.signal,
    });
  }

  set(replies: Partial<Record<string, Reply>>): void {
    for (const [node, reply] of Object.entries(replies))
      if (reply !== undefined) this.nodes.replies[node] = () => reply;
  }

  verify(context = '', id = 1) {
    return this.verifier.verify({ context, id });
  }
}

describe('an id that is read back', () => {
  it('and has other content is named with the subject that it is used under', async () => {
    const verifying = new Verifying({ [A]: ok({ schema: '"long"' }) });
    const error = await verifying.verify().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RegistryIntegrityError);
    expect((error as Error).message).toContain('Schema id 1 (subject orders-value) resolves to other content');
  });

  it('is asked of every node that is alive, and equal if one has it', async () => {
    const verifying = new Verifying({ [A]: denied, [B]: good, [C]: busy });
    expect(await verifying.verify()).toEqual({ outcome: 'equal', reason: '', retryAfterMs: 0 });
    expect(verifying.nodes.asked().sort()).toEqual([A, B, C]);
    expect([verifying.verifier.done, verifying.events]).toEqual([
      1,
      [{ type: 'revalidated', id: 1, outcome: 'equal' }],
    ]);
  });

  it('is asked of the dead only when all are', async () => {
    const verifying = new Verifying({ [A]: 'refused', [B]: good, [C]: good });
    await verifying.verify();
    verifying.nodes.asked();
    await verifying.verify();
    expect(verifying.nodes.asked().sort()).toEqual([B, C]);
    verifying.set({ [B]: 'refused', [C]: 'refused' });
    await verifying.verify();
    verifying.nodes.asked();
    verifying.set({ [A]: good });
    expect((await verifying.verify()).outcome).toBe('equal');
    expect(verifying.nodes.asked().sort()).toEqual([A, B, C]);
  });

  it('is asked in its context', async () => {
    const verifying = new Verifying({});
    verifying.set({ [A]: good, [B]: good, [C]: good });
    await verifying.verify('x');
    expect(verifying.nodes.transport.take()[0]).toBe(`GET ${A} /schemas/ids/1?subject=%3A.x%3A`);
    await verifying.verify();
    expect(verifying.nodes.transport.take()[0]).toBe(`GET ${A} /schemas/ids/1`);
    expect(verifying.contents.at({ context: 'x', id: 1 })?.text.schema).toBe('"int"');
  });

  it('is lost when every node denies it, and nobody can tell while one does not answer', async () => {
    const verifying = new Verifying({ [A]: denied, [B]: denied, [C]: denied });
    expect(await verifying.verify()).toEqual({
      outcome: 'lost',
      reason: `HTTP 404/40403 at ${A}: Schema not found`,
      retryAfterMs: 0,
    });
    verifying.set({ [B]: busy });
    expect(await verifying.verify()).toEqual({ outcome: 'away', reason: `HTTP 503 at ${B}`, retryAfterMs: 7000 });
    verifying.set({ [B]: 'refused' });
    expect(await verifying.verify()).toEqual({ outcome: 'away', reason: `ECONNREFUSED at ${B}`, retryAfterMs: 0 });
    expect(verifying.events.map((event) => event.type === 'revalidated' && event.outcome)).toEqual([
      'lost',
      'away',
      'away',
    ]);
  });

  it('is decided by the primary alone while that answers', async () => {
    const verifying = new Verifying({ [A]: good, [B]: denied, [C]: good });
    verifying.primary = B;
    expect((await verifying.verify()).outcome).toBe('lost');
    expect(verifying.nodes.asked()).toEqual([B]);
    verifying.set({ [B]: busy });
    expect((await verifying.verify()).outcome).toBe('equal');
    expect(verifying.nodes.asked().sort()).toEqual([A, B, B, C]);
    verifying.set({ [B]: 'refused' });
    await verifying.verify();
    verifying.nodes.asked();
    // Known to be dead by now.
    await verifying.verify();
    expect(verifying.nodes.asked().sort()).toEqual([A, C]);
    verifying.primary = 'http://elsewhere';
    expect((await verifying.verify()).outcome).toBe('equal');
  });

  it('is read on a connection of its own behind one URL, where others may stand', async () => {
    const one = new Verifying({ [A]: good }, { nodes: [A] });
    await one.verify();
    expect(one.nodes.transport.requests.map(({ fresh }) => fresh)).toEqual([true]);
    const several = new Verifying({ [A]: good, [B]: good, [C]: good });
    await several.verify();
    expect(several.nodes.transport.requests.map(({ fresh }) => fresh)).toEqual([false, false, false]);
  });

  it('invariant 6: is refused with other content, even if one node has it as it was', async () => {
    const verifying = new Verifying({ [A]: good, [B]: ok({ schema: '"long"' }), [C]: good });
    await expect(verifying.verify()).rejects.toBeInstanceOf(RegistryIntegrityError);
    expect(verifying.events).toEqual([{ type: 'revalidated', id: 1, outcome: 'contradicted' }]);
  });

  it('is nobody’s news when the asking is over', async () => {
    const verifying = new Verifying({ [A]: 'hung', [B]: 'hung', [C]: 'hung' });
    const asked = verifying.verify().catch((reason: unknown) => reason);
    await verifying.nodes.clock.advance(10);
    verifying.life.abort(new Error('over'));
    expect(await asked).toEqual(new Error('over'));
    expect(verifying.events).toEqual([]);
  });
});
