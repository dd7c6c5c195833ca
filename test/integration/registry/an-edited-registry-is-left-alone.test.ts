import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { GateBook } from '../../../src/registry/gate-book.ts';
import { RegistryCoordinator } from '../../../src/registry/registry-coordinator.ts';
import { RegistryHost } from '../../../src/registry/registry-host.ts';
import type { SchemaView } from '../../../src/sdk/schema-view.ts';
import { freePort } from '../../support/ports.ts';
import { byId, wordsOf } from '../../unit/registry/worker-of-registries.ts';

const never = new AbortController().signal;
const OLD = 'old-password';
const NEW = 'new-password';

const BODIES: Readonly<Record<string, unknown>> = {
  '/schemas/ids/1': { schema: '"string"' },
  '/subjects': [],
  '/_health': {
    process_uptime_sec: 1,
    status: {
      schema_registry_ready: true,
      schema_registry_is_primary: true,
      schema_registry_primary_url: 'http://127.0.0.1:1',
      schema_registry_reader_current_offset: 1,
      schema_registry_reader_highest_offset: 1,
    },
    healthy: true,
  },
};

/** A node of Karapace that knows id 1 and keeps who asks, on which connection. */
class Registry {
  /** Passwords, in the order of the requests. */
  readonly asked: string[] = [];
  readonly connections = new Map<string, Set<Socket>>();
  private readonly server: Server;
  private onRequest = (): void => {};

  private constructor() {
    this.server = createServer((request, response) => {
      const [, token = ''] = (request.headers.authorization ?? '').split(' ');
      const password = Buffer.from(token, 'base64').toString().split(':')[1] ?? '';
      const sockets = this.connections.get(password) ?? new Set();
      this.connections.set(password, sockets.add(request.socket));
      this.asked.push(password);
      this.onRequest();
      const body = BODIES[request.url ?? ''];
      response.writeHead(body === undefined ? 404 : 200).end(JSON.stringify(body ?? { error_code: 404, message: '' }));
    });
  }

  static async start(port: number): Promise<Registry> {
    const registry = new Registry();
    registry.server.listen(port, '127.0.0.1');
    await once(registry.server, 'listening');
    return registry;
  }

  /** Resolves once so many more requests with this password have come. */
  async more(password: string, count: number): Promise<void> {
    const from = this.asked.length;
    const isEnough = (): boolean => this.asked.slice(from).filter((each) => each === password).length >= count;
    await new Promise<void>((resolve) => {
      this.onRequest = () => {
        if (isEnough()) resolve();
      };
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** Resolves once the connection is closed; one that the client broke off in the middle of an answer is closed as well. */
async function ended(socket: Socket): Promise<void> {
  if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
}

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe('a password of a converter is edited', () => {
  it('the registry sees no request with the old one any more, nor a connection', async () => {
    const port = await freePort();
    const registry = await Registry.start(port);
    closers.push(() => registry.stop());
    let wasClosed = (): void => {};
    const closed = new Promise<void>((resolve) => {
      wasClosed = resolve;
    });
    const coordinator = new RegistryCoordinator({
      clock: systemClock,
      logger: silentLogger,
      gates: new GateBook({ clock: systemClock }),
      store: null,
      unusedMs: 500,
      listener: (_registry, event) => {
        if (event.type === 'closed') wasClosed();
      },
    });
    closers.push(() => coordinator.close());
    const host = new RegistryHost({
      clock: systemClock,
      ask: async (message) => structuredClone(await coordinator.serve(structuredClone(message))),
      defaults: { 'registry.patience.ms': '5000' },
    });
    const open = async (password: string): Promise<SchemaView> => {
      const view = host.schemaView({
        'schema.registry.url': `http://127.0.0.1:${port}`,
        'basic.auth.credentials.source': 'USER_INFO',
        'basic.auth.user.info': `ann:${password}`,
        'registry.vendor': 'karapace',
        'registry.detection': 'health',
        'registry.poll.interval.ms': '100',
      });
      await view.resolve([byId(1)], never);
      expect(wordsOf(view.peek(byId(1)))).toBe('known 1');
      return view;
    };
    const before = await open(OLD);
    await registry.more(OLD, 3);
    before.close();
    const after = await open(NEW);
    await closed;
    await Promise.all([...(registry.connections.get(OLD) ?? [])].map(ended));
    const from = registry.asked.length;
    await registry.more(NEW, 5);
    expect(registry.asked.slice(from)).not.toContain(OLD);
    expect(coordinator.registryIds).toEqual([after.registryId]);
    after.close();
  });
});
