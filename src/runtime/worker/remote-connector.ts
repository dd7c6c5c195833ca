/** A connector whose instance is in a task host. */
import type { Connector, ConnectorConfig, ConnectorContext, SourceConnector } from '../../sdk/connector.ts';
import { IllegalStateError } from '../../sdk/errors/kinds.ts';
import type { BlockedLoop } from '../host/host-connection.ts';
import type { ConnectorCall, PluginCall } from '../host/protocol.ts';
import type { PluginDesc } from '../plugins/plugin-desc.ts';
import type { HostClient } from './host-client.ts';
import { MirroredFigures } from './mirrored-figures.ts';

/** Without what is the same in every call. */
type MethodCall<C> = C extends unknown ? Omit<C, 'type' | 'connector' | 'instance'> : never;

let lastInstance = 0;

/** Only what a {@link WorkerConnector} calls: its configuration is validated, and its offsets are altered, by other instances. */
export class RemoteConnector
  implements Pick<SourceConnector, 'version' | 'initialize' | 'start' | 'taskConfigs' | 'stop'>
{
  private readonly name: string;
  private readonly desc: PluginDesc;
  private readonly openHost: () => HostClient;
  private readonly instance = ++lastInstance;
  private host: HostClient | null = null;
  private created: Promise<unknown> | null = null;
  private context: ConnectorContext | null = null;
  private blockedListener: (blocked: BlockedLoop | null) => void = () => {};
  private callingListener: (call: PluginCall) => void = () => {};
  private called = false;
  private mirror = new MirroredFigures(undefined);
  private knownVersion: string;

  constructor(options: { readonly name: string; readonly desc: PluginDesc; readonly openHost: () => HostClient }) {
    this.name = options.name;
    this.desc = options.desc;
    this.openHost = options.openHost;
    this.knownVersion = options.desc.version;
  }

  version(): string {
    return this.knownVersion;
  }

  initialize(context: ConnectorContext): void {
    this.context = context;
    this.mirror = new MirroredFigures(context.pluginMetrics);
  }

  /** Hears of the loop of its thread; null: it turns again. */
  onBlocked(listener: (blocked: BlockedLoop | null) => void): void {
    this.blockedListener = listener;
  }

  /** Hears of each method when its thread begins it. */
  onCalling(listener: (call: PluginCall) => void): void {
    this.callingListener = listener;
  }

  /** False while its thread starts, or loads the plugin: nothing of it was called yet. */
  get wasCalled(): boolean {
    return this.called;
  }

  async start(config: ConnectorConfig, signal: AbortSignal): Promise<void> {
    const onAbort = (): void =>
      this.host?.post({ type: 'connector.cancel', connector: this.name, instance: this.instance });
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      this.knownVersion = (await this.create()) as string;
      await this.ask({ method: 'start', config });
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async taskConfigs(maxTasks: number): Promise<readonly ConnectorConfig[]> {
    await this.create();
    return (await this.ask({ method: 'taskConfigs', maxTasks })) as readonly ConnectorConfig[];
  }

  async stop(): Promise<void> {
    // What has died needs no stop.
    if (this.host?.isAlive === true) await this.ask({ method: 'stop' });
  }

  /** Gives the instance up, whatever it does. */
  release(): void {
    const { host } = this;
    if (host === null) return;
    if (host.isAlive) void this.ask({ method: 'release' }).catch(() => {});
    host.detachConnector(this.instance);
  }

  /** As a plugin, which it stands for. */
  asConnector(): Connector {
    return this as unknown as Connector;
  }

  private create(): Promise<unknown> {
    this.created ??= this.open();
    return this.created;
  }

  private open(): Promise<unknown> {
    const host = this.openHost();
    this.host = host;
    host.attachConnector(this.instance, {
      name: this.name,
      onReconfigure: () => this.context?.requestTaskReconfiguration(),
      onError: (error) => this.context?.raiseError(error),
      onCalling: (call) => {
        this.called = true;
        this.callingListener(call);
      },
      onBlocked: (blocked) => this.blockedListener(blocked),
      onFigures: (figures) => this.mirror.apply(figures),
    });
    const { module, className, type } = this.desc;
    return this.ask({ method: 'create', plugin: { module, className }, kind: type === 'source' ? 'source' : 'sink' });
  }

  private ask(call: MethodCall<ConnectorCall>): Promise<unknown> {
    if (this.host === null) return Promise.reject(new IllegalStateError(`Connector ${this.name} was never created.`));
    return this.host.ask({
      type: 'connector',
      connector: this.name,
      instance: this.instance,
      ...call,
    } as ConnectorCall);
  }
}
