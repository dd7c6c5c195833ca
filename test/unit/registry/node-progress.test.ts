import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { StaticCredentials } from '../../../src/registry/credentials.ts';
import { RegistryEndpoints } from '../../../src/registry/endpoints.ts';
import { NodeProgressProbe } from '../../../src/registry/node-progress.ts';
import { IntegrityError } from '../../../src/sdk/errors/index.ts';
import { error, ScriptedTransport, SmallRegistry } from './scripted-transport.ts';

const [A, B] = ['http://a:1', 'http://b:1'] as const;
const never = new AbortController().signal;
const schema = { schema: '"int"' };

/** A probe of two nodes, each a registry of its own, so that one may lag. */
class Probing {
  readonly clock = new ManualClock();
  readonly transport = new ScriptedTransport(this.clock);
  readonly nodes = { [A]: new SmallRegistry(), [B]: new SmallRegistry() };
  /** What is known of each context. */
  readonly highest = new Map<string, number>();
  readonly read: string[] = [];
  readonly contradictions: IntegrityError[] = [];
  /** Thrown instead of reading. */
  fault: Error | undefined;
  readonly probe: NodeProgressProbe;

  constructor() {
    for (const [url, registry] of Object.entries(this.nodes)) this.transport.nodes.set(url, registry.handle);
    this.probe = new NodeProgressProbe({
      endpoints: new RegistryEndpoints({
        nodes: [A, B],
        transport: this.transport,
        credentials: new StaticCredentials({}),
        clock: this.clock,
        primary: () => null,
        requestTimeoutMs: 5000,
        headers: {},
        randomize: false,
        random: () => 0.5,
      }),
      known: {
        highestId: (context) => this.highest.get(context),
        read: (id, text, subject, node) => {
          if (this.fault !== undefined) throw this.fault;
          this.read.push(`${id} ${text.schema} ${subject} ${node}`);
          return { id, ...text };
        },
      },
      // What the nodes' health resources would add.
      knowledge: { progress: async (nodes) => [...nodes, { node: 'asked', ready: true, highestId: null }] },
      clock: this.clock,
      contradicted: (error) => this.contradictions.push(error),
    });
  }

  put(id: number, subject = 's', nodes: readonly (typeof A | typeof B)[] = [A, B]): void {
    for (const node of nodes) this.nodes[node].put(subject, schema, id);
  }

  /** `node: highest id`, or `node: ?` for one that is not ready. */
  async ask(context = ''): Promise<string[]> {
    const nodes = await this.probe.ask(context, never);
    expect(nodes.at(-1)?.node).toBe('asked');
    return this.words(nodes.slice(0, -1));
  }

  words(nodes: Awaited<ReturnType<NodeProgressProbe['ask']>>): string[] {
    return nodes.map(({ node, ready, highestId }) => `${node}: ${ready ? highestId : '?'}`);
  }
}

describe('how far the nodes have read', () => {
  it('is asked of every node with an id that is known', async () => {
    const probing = new Probing();
    probing.put(3);
    probing.put(7, 't', [A]);
    probing.highest.set('', 3);
    expect(await probing.ask()).toEqual([`${A}: 7`, `${B}: 3`]);
    expect(probing.transport.take()).toEqual([
      `GET ${A} /schemas/ids/3?fetchMaxId=true`,
      `GET ${B} /schemas/ids/3?fetchMaxId=true`,
    ]);
  });

  it('is unknown of a node that denies a known id, which is not ready, and of one that does not answer', async () => {
    const probing = new Probing();
    probing.put(3, 's', [A]);
    probing.highest.set('', 3);
    expect(await probing.ask()).toEqual([`${A}: 3`, `${B}: ?`]);
    probing.probe.forget();
    probing.nodes[B].fault = () => 'refused';
    expect(await probing.ask()).toEqual([`${A}: 3`]);
  });

  it('is at least the id that was asked for, where a node does not tell or tells less', async () => {
    const probing = new Probing();
    probing.highest.set('', 9);
    probing.nodes[A].fault = () => ({ status: 200, body: schema });
    probing.nodes[B].fault = () => ({ status: 200, body: { ...schema, maxId: 4 } });
    expect(await probing.ask()).toEqual([`${A}: 9`, `${B}: 9`]);
  });

  it.each([-1, 2 ** 31, 4.5])('is not told by a number that is no id: %d', async (number) => {
    const probing = new Probing();
    probing.highest.set('', 3);
    for (const node of [A, B] as const) {
      probing.nodes[node].fault = () => ({ status: 200, body: { ...schema, maxId: number } });
    }
    expect(await probing.ask()).toEqual([`${A}: 3`, `${B}: 3`]);
    expect(probing.probe.recentlyTold('')).toEqual([]);
    const empty = new Probing();
    empty.put(3);
    for (const node of [A, B] as const) {
      empty.nodes[node].fault = ({ path }) =>
        path.endsWith('/latest') ? { status: 200, body: { ...schema, id: number } } : undefined;
    }
    expect(await empty.ask()).toEqual([]);
    expect(empty.read).toEqual([]);
  });

  it('is asked with the context of the ids', async () => {
    const probing = new Probing();
    probing.put(3);
    probing.highest.set('x', 3);
    await probing.ask('x');
    expect(probing.transport.take()[0]).toBe(`GET ${A} /schemas/ids/3?subject=%3A.x%3A&fetchMaxId=true`);
  });

  it('is found out by the latest version of some subject of the context when no id is known', async () => {
    const probing = new Probing();
    probing.put(3, 'first');
    probing.put(8, 'last');
    probing.put(5, ':.x:s');
    expect(await probing.ask()).toEqual([`${A}: 8`, `${B}: 8`]);
    expect(probing.read).toEqual([`8 "int" last ${B}`]);
    await probing.ask('x');
    expect(probing.read[1]).toMatch(/^5 "int" :\.x:s /);
  });

  it('is told by an id with other content than before as well, which is told', async () => {
    const probing = new Probing();
    probing.put(8);
    probing.fault = new IntegrityError('other content');
    expect(await probing.ask()).toEqual([`${A}: 8`, `${B}: 8`]);
    expect(probing.contradictions).toEqual([probing.fault]);
  });

  it('is not told when the registry is another one, nor after a mistake of ours', async () => {
    for (const fault of [new IntegrityError('another registry', { details: { registry: true } }), new TypeError('x')]) {
      const probing = new Probing();
      probing.put(8);
      probing.fault = fault;
      await expect(probing.ask()).rejects.toBe(fault);
      expect(probing.contradictions).toEqual([]);
    }
  });

  it('is nothing at a registry that has no subject in the context', async () => {
    const probing = new Probing();
    probing.put(3, ':.x:s');
    expect(await probing.ask()).toEqual([`${A}: 0`]);
    expect(probing.words(probing.probe.recentlyTold(''))).toEqual([`${A}: 0`, 'asked: null']);
  });

  it('is asked with another id when the known one is gone everywhere', async () => {
    const probing = new Probing();
    probing.put(8);
    probing.highest.set('', 3);
    expect(await probing.ask()).toEqual([`${A}: 8`, `${B}: 8`]);
  });

  it('is not asked twice with an id that is gone, although a subject has it', async () => {
    const probing = new Probing();
    probing.put(3);
    probing.highest.set('', 3);
    for (const registry of Object.values(probing.nodes)) {
      registry.fault = ({ path }) => (path.startsWith('/schemas') ? error(404, 40403, 'Schema not found') : undefined);
    }
    expect(await probing.ask()).toEqual([`${A}: ?`, `${B}: ?`]);
    expect(probing.transport.take().filter((asked) => asked.includes('/schemas'))).toHaveLength(2);
  });

  it.each<[string, (path: string) => boolean, unknown]>([
    ['subjects', (path) => path === '/subjects', {}],
    ['a version without an id', (path) => path.includes('/versions'), schema],
    ['a version without a text', (path) => path.includes('/versions'), { id: 3 }],
  ])('is unknown when a registry answers something else: %s', async (_, which, body) => {
    const probing = new Probing();
    probing.put(3);
    for (const registry of Object.values(probing.nodes)) {
      registry.fault = ({ path }) => (which(path) ? { status: 200, body } : undefined);
    }
    expect(await probing.ask()).toEqual([]);
    expect(probing.read).toEqual([]);
    expect(probing.probe.recentlyTold('')).toEqual([]);
  });

  it('is unknown when a registry refuses, though its answer looks like one', async () => {
    const probing = new Probing();
    for (const registry of Object.values(probing.nodes)) {
      registry.fault = ({ path }) => ({
        status: path === '/subjects' ? 200 : 500,
        body: path === '/subjects' ? ['s'] : { ...schema, id: 3 },
      });
    }
    expect(await probing.ask()).toEqual([]);
    for (const registry of Object.values(probing.nodes)) registry.fault = () => ({ status: 500, body: ['s'] });
    probing.probe.forget();
    probing.transport.take();
    expect(await probing.ask()).toEqual([]);
    expect(probing.transport.take().every((asked) => asked.endsWith('/subjects'))).toBe(true);
  });
});

describe('what was found out', () => {
  it('is believed for a second, in its context, and asked once by all who want it', async () => {
    const probing = new Probing();
    probing.put(3);
    probing.highest.set('', 3);
    expect(probing.probe.recent('')).toEqual([]);
    const [one, other] = await Promise.all([probing.ask(), probing.ask()]);
    expect(other).toEqual(one);
    expect(probing.transport.take()).toHaveLength(2);
    await probing.clock.advance(999);
    expect(await probing.ask()).toEqual(one);
    expect(probing.transport.take()).toEqual([]);
    expect(probing.probe.recent('')).toHaveLength(3);
    expect(probing.probe.recent('x')).toEqual([]);
    await probing.clock.advance(1);
    expect(probing.probe.recent('')).toEqual([]);
    expect(await probing.ask()).toEqual(one);
    expect(probing.transport.take()).toHaveLength(2);
  });

  it('is forgotten when it may have changed', async () => {
    const probing = new Probing();
    probing.put(3);
    probing.highest.set('', 3);
    await probing.ask();
    probing.probe.forget();
    expect(probing.probe.recent('')).toEqual([]);
  });

  it('tells the highest id only if a node named its own', async () => {
    const probing = new Probing();
    probing.put(3);
    probing.highest.set('', 3);
    await probing.ask();
    expect(probing.words(probing.probe.recentlyTold(''))).toEqual([`${A}: 3`, `${B}: 3`, 'asked: null']);
    expect(probing.probe.recentlyTold('x')).toEqual([]);
    probing.probe.forget();
    for (const registry of Object.values(probing.nodes)) registry.fault = () => ({ status: 200, body: schema });
    await probing.ask();
    expect(probing.probe.recent('')).toHaveLength(3);
    expect(probing.probe.recentlyTold('')).toEqual([]);
    probing.probe.forget();
    probing.nodes[A].fault = () => ({ status: 500, body: { ...schema, maxId: 9 } });
    await probing.ask();
    expect(probing.probe.recentlyTold('')).toEqual([]);
  });
});
