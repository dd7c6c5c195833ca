/** The REST API of a worker: its main listeners, and those of /admin where they are apart. */
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { CrossOrigin } from '../rest/cors.ts';
import { advertisedAddress, type Listener, localUrlOf, parseListener } from '../rest/listener.ts';
import { openApiResources } from '../rest/openapi/openapi-resource.ts';
import type { RestResource } from '../rest/resource.ts';
import { RestServer } from '../rest/rest-server.ts';
import type { ServerTls } from '../rest/server-tls.ts';
import { parseHeaderRules } from '../runtime/config/header-rules.ts';
import type { WorkerConfig } from '../runtime/config/worker-config.ts';
import { openBasicAuth } from './rest-basic-auth.ts';
import { openRestTls } from './rest-tls.ts';

/** What a request in flight has left when everything that could answer it has ended. */
const LAST_GRACE_MS = 1_000;

export interface RestApiOptions {
  readonly config: WorkerConfig;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export class RestApi {
  readonly listeners: readonly Listener[];
  /** null: /admin is on the main listeners. */
  readonly adminListeners: readonly Listener[] | null;
  private readonly options: RestApiOptions;
  private readonly servers: RestServer[] = [];
  private readonly tls: ServerTls | null;
  private readonly adminTls: ServerTls | null;
  private readonly filters: Pick<
    ConstructorParameters<typeof RestServer>[0],
    'crossOrigin' | 'headerRules' | 'basicAuth'
  >;
  private ports: readonly number[] = [];
  private adminPorts: readonly number[] = [];

  /** Reads certificates and credentials. @throws ConfigError for what can't be used */
  constructor(options: RestApiOptions) {
    const { config, clock, logger, environment } = options;
    const { values, raw } = config;
    this.options = options;
    this.listeners = values.listeners.map(parseListener);
    this.adminListeners = values['admin.listeners']?.map(parseListener) ?? null;
    // A scheme that no listener has shows now and not when the first status is written.
    this.advertised();
    const isHttps = ({ scheme }: Listener): boolean => scheme === 'https';
    this.tls = this.listeners.some(isHttps) ? openRestTls({ raw, prefix: 'listeners.https.', clock, logger }) : null;
    this.adminTls = this.adminListeners?.some(isHttps)
      ? openRestTls({ raw, prefix: 'admin.listeners.https.', clock, logger })
      : null;
    const origins = values['access.control.allow.origin'];
    this.filters = {
      crossOrigin:
        origins.trim() === '' ? null : new CrossOrigin({ origins, methods: values['access.control.allow.methods'] }),
      headerRules: parseHeaderRules(values['response.http.headers.config']),
      basicAuth: openBasicAuth({ config, environment, logger }),
    };
  }

  /** Every request is answered as if nothing were there until `initialised` is called. */
  async listen(parts: {
    readonly main: readonly RestResource[];
    readonly admin: readonly RestResource[];
    readonly stage: () => string;
    readonly mask: (text: string) => string;
  }): Promise<readonly string[]> {
    const { clock, logger, version } = this.options;
    const shared = { clock, logger, stage: parts.stage, mask: parts.mask, initialising: true };
    const all = [...parts.main, ...(this.adminListeners === null ? parts.admin : [])];
    const main = new RestServer({
      ...shared,
      ...this.filters,
      resources: [...all, ...openApiResources({ resources: all, version })],
      tls: this.tls,
    });
    this.servers.push(main);
    this.ports = await main.listen(this.listeners);
    if (this.adminListeners !== null && this.adminListeners.length > 0) {
      const admin = new RestServer({ ...shared, resources: parts.admin, tls: this.adminTls });
      this.servers.push(admin);
      this.adminPorts = await admin.listen(this.adminListeners);
    }
    return [...urlsOf(this.listeners, this.ports), ...urlsOf(this.adminListeners ?? [], this.adminPorts)];
  }

  initialised(): void {
    for (const server of this.servers) server.initialised();
  }

  drain(): void {
    for (const server of this.servers) server.drain();
  }

  /** To be called when the herder has stopped: what waits for a plugin that hangs is given up. */
  async close(): Promise<void> {
    await Promise.all(this.servers.splice(0).map((server) => server.close(LAST_GRACE_MS)));
  }

  /** For a client on this machine; empty before `listen`. */
  get url(): string {
    return urlsOf(this.listeners, this.ports)[0] ?? '';
  }

  /** `worker_id` of statuses: the advertised host and port. */
  workerId(): string {
    const { host, port } = this.advertised();
    return `${host}:${port}`;
  }

  private advertised(): ReturnType<typeof advertisedAddress> {
    const { values } = this.options.config;
    return advertisedAddress(this.listeners, this.ports, {
      hostName: values['rest.advertised.host.name'],
      port: values['rest.advertised.port'],
      scheme: values['rest.advertised.listener'],
    });
  }
}

function urlsOf(listeners: readonly Listener[], ports: readonly number[]): string[] {
  return ports.flatMap((port, index) => {
    const listener = listeners[index];
    return listener === undefined ? [] : [localUrlOf(listener, port)];
  });
}
