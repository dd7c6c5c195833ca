/** Brings the configurations of connectors into effect. Its callers see to one call at a time for each connector. */
import { Deferred } from '../../foundation/deferred.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { ConfigInfos } from '../../sdk/config/index.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { IllegalStateError, NotFoundError } from '../../sdk/errors/kinds.ts';
import type { ConnectorConfigs, ResolvedConnector } from '../config/connector-configs.ts';
import { CONNECTOR_START_FAILED, type ConnectorLifecycle } from './connector-lifecycle.ts';
import { infoOf } from './connector-views.ts';
import type { DesiredConnector, DesiredConnectors, DormantConnector } from './desired-connectors.ts';
import type { ConnectorConfigMap, ConnectorInfo, ConnectorTaskId, RawConnectorConfig } from './herder.ts';
import type { OperationStages } from './operation-stages.ts';
import type { TargetState } from './status.ts';
import type { StatusBook } from './status-book.ts';

export interface ConnectorSetupOptions {
  readonly desired: DesiredConnectors;
  readonly configs: ConnectorConfigs;
  readonly lifecycle: ConnectorLifecycle;
  readonly statuses: StatusBook;
  readonly stages: OperationStages;
  readonly logger: Logger;
}

export class ConnectorSetup {
  private readonly options: ConnectorSetupOptions;
  private readonly desired: DesiredConnectors;
  private readonly lifecycle: ConnectorLifecycle;
  private readonly waking = new Map<string, Deferred<never>>();

  constructor(options: ConnectorSetupOptions) {
    this.options = options;
    this.desired = options.desired;
    this.lifecycle = options.lifecycle;
  }

  /** @throws NotFoundError */
  known(name: string, message = `Connector ${name} not found`): DesiredConnector | DormantConnector {
    const known = this.desired.known(name);
    if (known === undefined) throw new NotFoundError(message);
    return known;
  }

  /** Invariant 7: what is dormant is not asked for here. */
  usable(name: string): DesiredConnector {
    const known = this.known(name);
    if ('resolved' in known) return known;
    throw new IllegalStateError(`The configuration of connector ${name} can not be used; its status says why`);
  }

  /** The connector of a task that is there. @throws NotFoundError */
  entryOf(id: ConnectorTaskId): DesiredConnector {
    const known = this.known(id.connector, `Unknown connector: ${id.connector}`);
    if ('resolved' in known && id.task >= 0 && id.task < known.taskConfigs.length) return known;
    throw new NotFoundError(`Task ${id.connector}-${id.task} not found`);
  }

  /** @throws ConnectError `holdfast.connector.start-failed` for one whose configuration can't be used; it is FAILED then. */
  async awake(name: string): Promise<DesiredConnector> {
    const known = this.known(name);
    if ('resolved' in known) return known;
    try {
      const validated = this.validate(name, known.config);
      return this.desired.awake(known, await Promise.race([validated, this.cancelled(name, validated)]));
    } catch (error) {
      this.options.statuses.failConnector(name, error, null);
      this.options.logger.error('The configuration of a stored connector can not be used. It is FAILED.', {
        code: CONNECTOR_START_FAILED,
        connector: name,
        err: error,
      });
      throw new ConnectError(`Failed to transition connector ${name} to state STARTED`, {
        code: CONNECTOR_START_FAILED,
        cause: error,
      });
    }
  }

  /** A configuration whose plugin does not say whether it is valid holds up nothing that ends it. */
  cancel(name: string): void {
    this.waking.get(name)?.reject(new ConnectError(`The configuration of connector ${name} was not validated in time`));
  }

  /** Rejects when {@link cancel} is called before that ends. */
  private async cancelled(name: string, validated: Promise<unknown>): Promise<never> {
    const cancelled = new Deferred<never>();
    this.waking.set(name, cancelled);
    validated
      .catch(() => {})
      .finally(() => {
        if (this.waking.get(name) === cancelled) this.waking.delete(name);
      });
    return cancelled.promise;
  }

  /** @throws ConfigError with every mistake */
  async validate(name: string, raw: RawConnectorConfig): Promise<ResolvedConnector> {
    return this.options.stages.during(`validating the configuration of connector ${name}`, () =>
      this.options.configs.resolve(raw),
    );
  }

  /** What there is to be said about a configuration, for whoever fills it in. @throws ConfigError when no connector can be asked */
  examine(raw: RawConnectorConfig): Promise<ConfigInfos> {
    return this.options.stages.during(`validating the configuration of connector ${raw['name'] ?? ''}`, () =>
      this.options.configs.validate(raw),
    );
  }

  /** @throws as `ConnectorLifecycle.launch`; it exists then, and is FAILED. */
  async create(
    connector: Pick<DesiredConnector, 'name' | 'config' | 'target' | 'file' | 'resolved'>,
  ): Promise<ConnectorInfo> {
    const entry = await this.desired.create(connector);
    // It may take its time to start, and is there all the same.
    this.options.statuses.setConnector(entry.name, 'UNASSIGNED', entry.resolved.desc.version);
    await this.launch(entry);
    return infoOf(entry);
  }

  /**
   * Stops what runs, and starts it with the new configuration; when that says the same as the old one, tasks whose configurations come out
   * the same go on. @throws as {@link create}
   */
  async replace(
    known: DesiredConnector | DormantConnector,
    config: ConnectorConfigMap,
    resolved: ResolvedConnector,
    more: { readonly target?: TargetState; readonly file?: string } = {},
  ): Promise<ConnectorInfo> {
    const isSame =
      'resolved' in known && saysTheSame(known, { config, resolved }) && known.target === (more.target ?? known.target);
    await this.desired.change(known, { config, ...more });
    await this.lifecycle.halt(known.name, { keepsTasks: isSame });
    const current = this.known(known.name);
    const entry = 'resolved' in current ? current : this.desired.awake(current, resolved);
    entry.resolved = resolved;
    if (!isSame) entry.taskConfigs = [];
    await this.launch(entry);
    return infoOf(entry);
  }

  private async launch(entry: DesiredConnector): Promise<void> {
    try {
      await this.lifecycle.launch(entry);
    } finally {
      // After the start, as Kafka Connect does.
      const { unknown, withoutEffect } = entry.resolved.keyFindings;
      const { unresolved } = entry.resolved.variables;
      if (Object.keys(unresolved).length > 0) {
        this.options.logger.warn('Variables of a connector have no value. It gets them as they are written.', {
          connector: entry.name,
          reasons: unresolved,
        });
      }
      if (unknown.length > 0) {
        this.options.logger.warn('Settings of a connector are not known and have no effect. Check their spelling.', {
          connector: entry.name,
          keys: unknown,
        });
      }
      if (Object.keys(withoutEffect).length > 0) {
        this.options.logger.warn('Settings of a connector that Kafka Connect knows have no effect here.', {
          connector: entry.name,
          reasons: withoutEffect,
        });
      }
    }
  }

  /** With null values taken out, as a patch says. @throws NotFoundError */
  patched(name: string, patch: RawConnectorConfig): RawConnectorConfig {
    const merged: Record<string, string | null> = { ...this.known(name).config, ...patch };
    for (const [key, value] of Object.entries(patch)) if (value === null) delete merged[key];
    return merged;
  }

  /** Carries out the plan of a restart. */
  async restart(
    known: DesiredConnector | DormantConnector,
    restartsConnector: boolean,
    tasks: readonly number[],
  ): Promise<void> {
    const { name } = known;
    if (this.desired.known(name) !== known) return;
    const before = this.desired.get(name)?.taskConfigs;
    if (restartsConnector) {
      // What it failed with is in its status and in the log; its tasks are restarted all the same.
      await this.awake(name)
        .then((entry) => this.lifecycle.restartInstance(entry))
        .catch(() => {});
    }
    const entry = this.desired.get(name);
    // Where the connector made other tasks, all of them have just been started.
    if (entry === undefined || entry.taskConfigs !== before) return;
    await this.lifecycle.restartTasks(tasks, entry);
  }
}

/** Variables of config providers included: they may have other values by now. */
function saysTheSame(
  known: DesiredConnector,
  { config, resolved }: Pick<DesiredConnector, 'config' | 'resolved'>,
): boolean {
  return (
    known.resolved.desc === resolved.desc &&
    isSameMap(known.config, config) &&
    isSameMap(known.resolved.connectorConfig, resolved.connectorConfig)
  );
}

function isSameMap(a: ConnectorConfigMap, b: ConnectorConfigMap): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key]);
}
