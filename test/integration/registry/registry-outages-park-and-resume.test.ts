import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { GateBook } from '../../../src/registry/gate-book.ts';
import { RegistryCoordinator } from '../../../src/registry/registry-coordinator.ts';
import { RegistryHost } from '../../../src/registry/registry-host.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import type { SchemaAnswer, SchemaQuestion } from '../../../src/sdk/schema-view.ts';
import { FileCompactedLog } from '../../../src/storage/file-compacted-log.ts';
import { freePort, freePorts } from '../../support/ports.ts';
import { SmallRegistry } from '../../unit/registry/scripted-transport.ts';
import { avro, byId, register, wordsOf } from '../../unit/registry/worker-of-registries.ts';

const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A registry on a real port that can be taken away and brought back, and be told to answer something else. */
class RegistryServer {
  readonly registry: SmallRegistry;
  readonly port: number;
  requests = 0;
  /** Answers in place of the registry when it is set. */
  instead: RequestListener | undefined;
  private server: Server | undefined;
  private hanging: TcpServer | undefined;
  private readonly sockets = new Set<Socket>();

  constructor(port: number, registry = new SmallRegistry()) {
    this.port = port;
    this.registry = registry;
    closers.push(() => this.stop());
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      this.requests += 1;
      if (this.instead !== undefined) {
        this.instead(request, response);
        return;
      }
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const reply = this.registry.handle({
          node: this.url,
          method: request.method as 'GET' | 'POST',
          path: request.url ?? '/',
          headers: request.headers as Record<string, string>,
          body: Buffer.concat(chunks).toString(),
          channel: 'read',
          fresh: false,
          timeoutMs: 0,
        });
        if (typeof reply === 'string') throw new Error('this server answers');
        response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body));
      });
    });
    this.server = server;
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(this.port, '127.0.0.1', resolve));
  }

  /** The port is closed, and every connection with it. */
  async stop(): Promise<void> {
    const { server, hanging } = this;
    this.server = undefined;
    this.hanging = undefined;
    for (const socket of this.sockets) socket.destroy();
    server?.closeAllConnections();
    await Promise.all([server, hanging].map((each) => each && new Promise((resolve) => each.close(resolve))));
  }

  /** Accepts connections and never answers. */
  async hang(): Promise<void> {
    await this.stop();
    const hanging = createTcpServer((socket) => {
      this.requests += 1;
      this.sockets.add(socket.on('error', () => {}).on('close', () => this.sockets.delete(socket)));
    });
    this.hanging = hanging;
    await new Promise<void>((resolve, reject) => hanging.once('error', reject).listen(this.port, '127.0.0.1', resolve));
  }
}

interface Client {
  readonly host: RegistryHost;
  readonly gates: GateBook;
  readonly coordinator: RegistryCoordinator;
  readonly lines: ReturnType<typeof recordingLogger>['lines'];
  ask(question: SchemaQuestion): Promise<SchemaAnswer>;
}

function client(url: string, store: SchemaStore | null = null, config: Record<string, string> = {}): Client {
  const { logger, lines } = recordingLogger();
  const gates = new GateBook({ clock: systemClock });
  const coordinator = new RegistryCoordinator({ clock: systemClock, logger, gates, store });
  closers.push(() => coordinator.close());
  const host = new RegistryHost({
    clock: systemClock,
    ask: async (message) => structuredClone(await coordinator.serve(structuredClone(message))),
    defaults: { 'http.read.timeout.ms': '400', 'http.connect.timeout.ms': '300', 'registry.probe.max.ms': '200' },
  });
  gates.onSnapshot((snapshot) => host.gateChanged(structuredClone(snapshot)));
  const stopped = new AbortController();
  setMaxListeners(0, stopped.signal);
  closers.push(() => stopped.abort(new Error('test ended')));
  return {
    host,
    gates,
    coordinator,
    lines,
    ask: async (question) => {
      const view = host.schemaView({ 'schema.registry.url': url, ...config });
      for (;;) {
        await view.resolve([question], stopped.signal);
        const answer = view.peek(question);
        if (answer.kind === 'known' || answer.kind === 'refused') return answer;
        if (answer.kind === 'unasked') throw new Error('resolve left a question unasked');
        const gate = host.gates.get((answer.error as { gateId?: string }).gateId ?? '');
        if (gate === undefined) await systemClock.sleep(20, stopped.signal);
        else await gate.opened(stopped.signal);
      }
    },
  };
}

/** Until the gate stands as told. */
async function gateIs(gates: GateBook, suffix: string, state: string): Promise<void> {
  const find = () => gates.snapshots().find(({ id }) => id.endsWith(suffix));
  if (find()?.state === state) return;
  await new Promise<void>((resolve) => {
    const end = gates.onSnapshot(() => {
      if (find()?.state !== state) return;
      end();
      resolve();
    });
  });
}

/** Each takes a running registry away in its own way, and brings it back. */
const faults: Record<
  string,
  { away: (server: RegistryServer) => Promise<void> | void; back: (server: RegistryServer) => Promise<void> | void }
> = {
  refused: { away: (server) => server.stop(), back: (server) => server.start() },
  'hung: accepts and never answers': {
    away: (server) => server.hang(),
    back: async (server) => {
      await server.stop();
      await server.start();
    },
  },
  'plain-text 500': answering((_request, response) => response.writeHead(500).end('Internal Server Error')),
  'HTML 502 of a proxy': answering((_request, response) =>
    response.writeHead(502, { 'content-type': 'text/html' }).end('<html><h1>Bad Gateway</h1></html>'),
  ),
  '429 with Retry-After': answering((_request, response) => response.writeHead(429, { 'retry-after': '1' }).end()),
  'connections that break': answering((request) => request.socket.destroy()),
  'half an answer': answering((request, response) => {
    response.writeHead(200, { 'content-length': '500' }).write('{"schema":');
    setImmediate(() => request.socket.destroy());
  }),
};

function answering(listener: RequestListener): (typeof faults)[string] {
  return {
    away: (server) => {
      server.instead = listener;
    },
    back: (server) => {
      server.instead = undefined;
    },
  };
}

describe('a registry that goes away over real sockets', () => {
  it.each(Object.keys(faults))('parks what is new and resumes it: %s', async (name) => {
    const { away, back } = faults[name]!;
    const server = new RegistryServer(await freePort());
    await server.start();
    server.registry.put('known', { schema: avro('known').schema });
    const worker = client(server.url);
    expect(wordsOf(await worker.ask(byId(1)))).toBe('known 1');
    expect(wordsOf(await worker.ask(register('old')))).toBe('known 2');
    await away(server);
    const writing = worker.ask(register('new'));
    await gateIs(worker.gates, ':write', 'closed');
    await gateIs(worker.gates, ':read', 'closed');
    expect(wordsOf(await worker.ask(register('old')))).toBe('known 2');
    const reading = worker.ask(byId(7));
    server.registry.put('seven', { schema: avro('seven').schema }, 7);
    await back(server);
    expect(wordsOf(await reading)).toBe('known 7');
    expect(wordsOf(await writing)).toBe('known 8');
    expect(worker.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('answers a slow registry without closing a gate', async () => {
    const server = new RegistryServer(await freePort());
    await server.start();
    server.registry.put('s', { schema: avro('s').schema });
    const worker = client(server.url);
    await worker.ask(byId(1));
    server.registry.put('t', { schema: avro('t').schema });
    server.instead = (_request, response) => {
      setTimeout(() => response.end(JSON.stringify({ schema: avro('t').schema })), 250);
    };
    expect(wordsOf(await worker.ask(byId(2)))).toBe('known 2');
    expect(worker.gates.snapshots().map(({ state }) => state)).toEqual(['open', 'open']);
  });

  it('puts no more load on it for 200 waiting tasks than for one', async () => {
    const server = new RegistryServer(await freePort());
    server.registry.put('s', { schema: avro('s').schema });
    const worker = client(server.url);
    const asking = Array.from({ length: 200 }, (_, i) => worker.ask(i % 2 === 0 ? byId(1) : register('topic')));
    await gateIs(worker.gates, ':read', 'closed');
    await gateIs(worker.gates, ':write', 'closed');
    await server.start();
    const answers = await Promise.all(asking);
    expect(answers.map(wordsOf).sort()).toEqual([...Array(100).fill('known 1'), ...Array(100).fill('known 2')]);
    // Who it is and what it can do, a probe, the id, the registration and its five reads back, the ids before the outage: not one per task.
    expect(server.requests).toBeLessThan(40);
  });

  it('reads on from the other node, and writes where one answers', async () => {
    const [first, second] = await freePorts(2);
    const registry = new SmallRegistry();
    const a = new RegistryServer(first!, registry);
    const b = new RegistryServer(second!, registry);
    await a.start();
    await b.start();
    const worker = client(`${a.url},${b.url}`);
    expect(wordsOf(await worker.ask(register('s1')))).toBe('known 1');
    await a.hang();
    expect(wordsOf(await worker.ask(register('s2')))).toBe('known 2');
    await b.stop();
    const writing = worker.ask(register('s3'));
    await gateIs(worker.gates, ':write', 'closed');
    await b.start();
    expect(wordsOf(await writing)).toBe('known 3');
    expect(registry.posts).toBe(3);
  });

  it('decodes and encodes what it knew when it starts while all nodes are down', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'schema-store-'));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const { logger } = recordingLogger();
    const openStore = () =>
      SchemaStore.open({ log: new FileCompactedLog({ file: join(folder, 'schemas.log'), logger }), logger });
    const server = new RegistryServer(await freePort());
    await server.start();
    server.registry.put('read', { schema: avro('read').schema });
    const store = await openStore();
    const before = client(server.url, store);
    await before.ask(byId(1));
    await before.ask(register('written'));
    await before.coordinator.close();
    await store.close();
    await server.stop();

    const again = await openStore();
    closers.push(() => again.close());
    const worker = client(server.url, again);
    expect(wordsOf(await worker.ask(byId(1)))).toBe('known 1');
    expect(wordsOf(await worker.ask(byId(2)))).toBe('known 2');
    expect(wordsOf(await worker.ask(register('written')))).toBe('known 2');
    const writing = worker.ask(register('unheard-of'));
    await gateIs(worker.gates, ':write', 'closed');
    await server.start();
    expect(wordsOf(await writing)).toBe('known 3');
  });
});
