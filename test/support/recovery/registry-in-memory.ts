import { randomUUID } from 'node:crypto';
import type { RegistryCoreOptions } from '../../../src/embedded-registry/registry-core.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { openNodes } from '../../../src/recovery/rest/open-nodes.ts';
import type { RegistryApi } from '../../../src/recovery/rest/registry-api.ts';
import type { HttpRequest, HttpResponse, HttpTransport } from '../../../src/registry/http-transport.ts';
import { InMemoryRegistry } from '../../unit/embedded-registry/in-memory-registry.ts';

/** What a test puts in the place of an answer; undefined: the registry's own. May throw a TransportFailure. */
export type Interference = (request: HttpRequest) => { readonly status: number; readonly body: string } | undefined;

/** A registry without ports: requests go straight into a core. */
export class RegistryInMemory implements HttpTransport {
  readonly registry: InMemoryRegistry;
  readonly requests: HttpRequest[] = [];
  interfere: Interference = () => undefined;

  constructor(options: Partial<RegistryCoreOptions> = {}) {
    // Another registry than that of any other test: no two plans are run at one at the same time.
    this.registry = new InMemoryRegistry({ kafkaClusterId: randomUUID(), ...options });
  }

  request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    try {
      signal.throwIfAborted();
      this.requests.push(request);
      const headers = { 'content-type': 'application/json' };
      const own = this.interfere(request);
      if (own !== undefined) return Promise.resolve({ ...own, headers });
      const { method, path, body } = request;
      if (path === '/_health' && this.registry.core.profile.hasHealth) {
        const health = { status: { schema_registry_is_primary: true }, karapace_version: '6.2.0', healthy: true };
        return Promise.resolve({ status: 200, headers, body: JSON.stringify(health) });
      }
      const answer = this.registry.request(method, path, body);
      return Promise.resolve({ status: answer.status, headers, body: JSON.stringify(answer.body) });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** What was written to it: method and path. */
  get writes(): readonly string[] {
    return this.requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);
  }

  node(properties: Readonly<Record<string, string>> = {}, url = 'http://one:8081'): RegistryApi {
    const { logger } = recordingLogger();
    const { nodes } = openNodes({
      ...{ urls: [url], properties, clock: systemClock, logger, transport: this, giveUpAfterMs: 300 },
    });
    return nodes[0] as RegistryApi;
  }
}
