/**
 * The connectors that there should be, in the order in which they were created; durable when there is a store. Kafka Connect's standalone
 * worker keeps them in memory.
 */
import type { Clock } from '../../foundation/clock.ts';
import type { ConfigBackingStore } from '../../storage/config-backing-store.ts';
import type { ResolvedConnector } from '../config/connector-configs.ts';
import type { ConnectorConfigMap } from './herder.ts';
import type { TargetState } from './status.ts';

/** One that was stored, and whose configuration was not looked at yet or can't be used at present. It runs nothing. */
export interface DormantConnector {
  readonly name: string;
  readonly config: ConnectorConfigMap;
  readonly target: TargetState;
  /** ms since the epoch. */
  readonly created: number;
  /** What stands for the content of its connector file; null: it has none. */
  readonly file: string | null;
}

/** Desired state of one connector. Config, target and file are changed by {@link DesiredConnectors.change} only. */
export interface DesiredConnector extends DormantConnector {
  config: ConnectorConfigMap;
  target: TargetState;
  file: string | null;
  resolved: ResolvedConnector;
  taskConfigs: readonly ConnectorConfigMap[];
}

export class DesiredConnectors {
  private readonly store: ConfigBackingStore | null;
  private readonly clock: Clock;
  private readonly connectors = new Map<string, DesiredConnector | DormantConnector>();
  /** Connector files of deleted connectors. */
  private readonly deleted = new Map<string, string>();

  constructor(options: { readonly store: ConfigBackingStore | null; readonly clock: Clock }) {
    this.store = options.store;
    this.clock = options.clock;
  }

  get isDurable(): boolean {
    return this.store !== null;
  }

  /** Reads what was stored; all of it is dormant. @throws ConfigError for what can't be read */
  async load(): Promise<readonly DormantConnector[]> {
    const stored = (await this.store?.start()) ?? [];
    for (const { isDeleted, ...connector } of stored) {
      if (!isDeleted) this.connectors.set(connector.name, connector);
      else if (connector.file !== null) this.deleted.set(connector.name, connector.file);
    }
    return [...this.connectors.values()];
  }

  async close(): Promise<void> {
    await this.store?.stop();
  }

  names(): readonly string[] {
    return [...this.connectors.keys()];
  }

  known(name: string): DesiredConnector | DormantConnector | undefined {
    return this.connectors.get(name);
  }

  /** undefined for one that is dormant, too. */
  get(name: string): DesiredConnector | undefined {
    const connector = this.connectors.get(name);
    return connector !== undefined && 'resolved' in connector ? connector : undefined;
  }

  dormant(name: string): DormantConnector | undefined {
    const connector = this.connectors.get(name);
    return connector === undefined || 'resolved' in connector ? undefined : connector;
  }

  /** The file that made a connector that was deleted since. */
  deletedFile(name: string): string | undefined {
    return this.deleted.get(name);
  }

  /** A new one, or one in place of a dormant one. Nothing is changed when it can't be stored. */
  async create(
    connector: Pick<DesiredConnector, 'name' | 'config' | 'target' | 'file' | 'resolved'>,
  ): Promise<DesiredConnector> {
    const { name } = connector;
    const created = this.connectors.get(name)?.created ?? Math.floor(this.clock.now());
    const entry: DesiredConnector = { ...connector, created, taskConfigs: [] };
    await this.save(entry);
    this.connectors.set(name, entry);
    this.deleted.delete(name);
    return entry;
  }

  /** The configuration of a dormant one can be used. */
  awake(connector: DormantConnector, resolved: ResolvedConnector): DesiredConnector {
    const entry: DesiredConnector = { ...connector, resolved, taskConfigs: [] };
    this.connectors.set(entry.name, entry);
    return entry;
  }

  /** Nothing is changed when it can't be stored. */
  async change(
    connector: DesiredConnector | DormantConnector,
    changes: Partial<Pick<DesiredConnector, 'config' | 'target' | 'file'>>,
  ): Promise<void> {
    await this.save({ ...connector, ...changes });
    if ('resolved' in connector) Object.assign(connector, changes);
    else this.connectors.set(connector.name, { ...connector, ...changes });
  }

  /** As {@link change}. One of a connector file is remembered, so that the file does not bring it back. */
  async remove(connector: DesiredConnector | DormantConnector): Promise<void> {
    const { name, target, created, file } = connector;
    if (file === null) await this.store?.remove(name);
    // Invariant 8: what is gone need not keep its passwords.
    else await this.store?.put({ name, config: {}, target, created, file, isDeleted: true });
    this.connectors.delete(name);
    if (file !== null) this.deleted.set(name, file);
  }

  private async save({ name, config, target, created, file }: DormantConnector): Promise<void> {
    await this.store?.put({ name, config, target, created, file, isDeleted: false });
  }
}
