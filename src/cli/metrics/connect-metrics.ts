/**
 * Kafka Connect's metrics (4.1.1) for Prometheus, under the names that dashboards for it look for. Read at
 * each scrape, so that connectors and tasks that are gone have no series.
 */
import type { Clock } from '../../foundation/clock.ts';
import type { ConnectorStateInfo, Herder } from '../../runtime/herder/herder.ts';
import type { PluginFigure } from '../../runtime/metrics/plugin-figures.ts';
import type { TaskFigures, WorkerFigures } from '../../runtime/metrics/worker-figures.ts';
import { addClientMetrics } from './client-metrics.ts';
import { SINK_TASK_ATTRIBUTES, SOURCE_TASK_ATTRIBUTES, valueBefore } from './connect-attributes.ts';
import { type ConnectGroup, connectName, type NameSet, promName } from './connect-names.ts';
import { Exposition, type Labels, labelText } from './exposition.ts';
import type { MetricsContributor } from './metrics-contributor.ts';

export interface ConnectMetricsOptions {
  readonly clock: Clock;
  /** `metrics.names` */
  readonly names: readonly NameSet[];
  /** What the worker says it is: the version of Kafka Connect that it is compatible with, and the commit of that. */
  readonly app: { readonly version: string; readonly commitId: string };
  /** `connect-<host>:<port>`, as Kafka Connect calls its client. */
  readonly clientId: () => string;
  readonly herder: () => Pick<Herder, 'connectors' | 'connectorStatus' | 'connectorConfig'>;
  readonly figures: () => WorkerFigures;
  /** Full name and version of the class that a configuration names; null when there is none. */
  readonly plugin: (
    type: 'connector' | 'converter' | 'header_converter' | 'transformation' | 'predicate',
    name: string,
  ) => { readonly className: string; readonly version: string } | null;
}

const TASK_STATES = ['running', 'paused', 'failed', 'unassigned', 'destroyed', 'restarting'] as const;

interface Connector {
  readonly status: ConnectorStateInfo;
  readonly className: string;
  readonly version: string;
}

export class ConnectMetrics implements MetricsContributor {
  private readonly options: ConnectMetricsOptions;
  private readonly startedAt: number;

  constructor(options: ConnectMetricsOptions) {
    this.options = options;
    this.startedAt = options.clock.now();
  }

  /** Nothing: which there are depends on what runs. */
  register(): void {}

  async render(): Promise<string> {
    if (this.options.names.length === 0) return '';
    const page = new Exposition();
    const connectors = await this.connectors();
    const figures = this.options.figures();
    this.app(page);
    this.worker(page, figures, connectors);
    for (const connector of connectors.values()) this.connector(page, connector);
    for (const task of figures.tasks) {
      const connector = connectors.get(task.spec.id.connector);
      // A connector that is being deleted has no series any more.
      if (connector !== undefined) this.task(page, task, connector);
    }
    for (const { name, plugins } of figures.connectors) this.plugins(page, [['connector', name]], plugins);
    return page.text();
  }

  private async connectors(): Promise<ReadonlyMap<string, Connector>> {
    const herder = this.options.herder();
    const found = new Map<string, Connector>();
    for (const name of await herder.connectors()) {
      try {
        const [status, config] = await Promise.all([herder.connectorStatus(name), herder.connectorConfig(name)]);
        const configured = config['connector.class'] ?? '';
        const plugin = this.options.plugin('connector', configured);
        found.set(name, {
          status,
          className: plugin?.className ?? configured,
          version: status.connector.version ?? plugin?.version ?? 'unknown',
        });
      } catch {
        // It was deleted meanwhile.
      }
    }
    return found;
  }

  private number(
    page: Exposition,
    group: ConnectGroup,
    attribute: { readonly name: string; readonly help: string },
    labels: string,
    value: number,
  ): void {
    for (const names of this.options.names) {
      page.add({ name: connectName(names, group, attribute.name), help: attribute.help }, labels, value);
    }
  }

  /** An attribute that is a text: 1, with the text as a label of the attribute's name. */
  private text(page: Exposition, group: ConnectGroup, attribute: string, labels: Labels, value: string): void {
    const text = labelText([...labels, [promName(attribute), value]]);
    this.number(page, group, { name: attribute, help: `Always 1; the attribute ${attribute} is the label.` }, text, 1);
  }

  private app(page: Exposition): void {
    const { names, app } = this.options;
    const clientId = this.options.clientId();
    if (names.includes('strimzi')) {
      const help = 'Always 1; the label says which.';
      const labels = (name: string, value: string): string =>
        labelText([
          ['clientid', clientId],
          [name, value],
        ]);
      page.add({ name: 'kafka_connect_version_info', help }, labels('version', app.version), 1);
      page.add({ name: 'kafka_connect_commit_id_info', help }, labels('commit_id', app.commitId), 1);
      const started = {
        name: 'kafka_connect_start_time_seconds',
        help: 'When the worker was started, in s since the epoch.',
      };
      page.add(started, labelText([['clientid', clientId]]), this.startedAt / 1000);
    }
    if (names.includes('exporter')) {
      const info = { name: 'kafka_connect_app_info', help: 'Always 1; the label says which.' };
      for (const [name, value] of [
        ['version', app.version],
        ['commit_id', app.commitId],
        ['start_time_ms', String(this.startedAt)],
      ] as const) {
        page.add(
          info,
          labelText([
            ['client_id', clientId],
            [name, value],
          ]),
          1,
        );
      }
    }
  }

  private worker(page: Exposition, figures: WorkerFigures, connectors: ReadonlyMap<string, Connector>): void {
    const set = (name: string, help: string, value: number, labels = ''): void =>
      this.number(page, 'connect-worker-metrics', { name, help }, labels, value);
    set('connector-count', 'Connectors of the worker.', connectors.size);
    set('task-count', 'Tasks of the worker.', figures.tasks.length);
    for (const [what, startups] of [
      ['connector', figures.connectorStartups],
      ['task', figures.taskStartups],
    ] as const) {
      set(`${what}-startup-attempts-total`, `Starts of a ${what} that were tried.`, startups.attempts);
      set(`${what}-startup-success-total`, `Starts of a ${what} that succeeded.`, startups.successes);
      set(
        `${what}-startup-success-percentage`,
        `The share of starts that succeeded, from 0 to 1.`,
        startups.successRatio,
      );
      set(`${what}-startup-failure-total`, `Starts of a ${what} that failed.`, startups.failures);
      set(`${what}-startup-failure-percentage`, `The share of starts that failed, from 0 to 1.`, startups.failureRatio);
    }
    for (const [name, { status }] of connectors) {
      const labels = labelText([['connector', name]]);
      set('connector-total-task-count', 'Tasks of the connector.', status.tasks.length, labels);
      for (const state of TASK_STATES) {
        const count = status.tasks.filter((task) => task.state.toLowerCase() === state).length;
        set(`connector-${state}-task-count`, `Tasks of the connector that are ${state}.`, count, labels);
      }
    }
    this.rebalances(page, figures, connectors);
  }

  /** A standalone worker is a group of its own that never rebalances; shown, so that panels have something to show. */
  private rebalances(page: Exposition, figures: WorkerFigures, connectors: ReadonlyMap<string, Connector>): void {
    const set = (name: string, help: string, value: number): void =>
      this.number(page, 'connect-worker-rebalance-metrics', { name, help }, '', value);
    set('epoch', 'The generation of the group of workers; a standalone worker has none.', 0);
    set('completed-rebalances-total', 'Rebalances of the workers; a standalone worker has none.', 0);
    set('rebalancing', '1 while the workers rebalance.', 0);
    set('rebalance-max-time-ms', 'How long the longest rebalance took, in ms.', Number.NaN);
    set('rebalance-avg-time-ms', 'How long rebalances took on average, in ms.', Number.NaN);
    set('time-since-last-rebalance-ms', 'How long ago the last rebalance was, in ms.', Number.NaN);
    const labels = labelText([['clientid', this.options.clientId()]]);
    for (const [name, what, value] of [
      ['assigned-connectors', 'Connectors', connectors.size],
      ['assigned-tasks', 'Tasks', figures.tasks.length],
    ] as const) {
      this.number(page, 'connect-coordinator-metrics', { name, help: `${what} of this worker.` }, labels, value);
    }
  }

  private connector(page: Exposition, { status, className, version }: Connector): void {
    const labels: Labels = [['connector', status.name]];
    const state = status.connector.state.toLowerCase();
    const texts = [
      ['connector-class', className],
      ['connector-type', status.type],
      ['connector-version', version],
      ['status', state],
    ] as const;
    for (const [attribute, value] of texts) this.text(page, 'connector-metrics', attribute, labels, value);
    const all: Labels = [...labels, ...texts.map(([name, value]) => [promName(name), value] as const)];
    page.add({ name: 'kafka_connect_connector_info', help: 'Always 1; what the connector is.' }, labelText(all), 1);
  }

  private task(page: Exposition, { spec, figures, clients, plugins }: TaskFigures, connector: Connector): void {
    const { id } = spec;
    const labels: Labels = [
      ['connector', id.connector],
      ['task', String(id.task)],
    ];
    const text = labelText(labels);
    const attributes = spec.kind === 'source' ? SOURCE_TASK_ATTRIBUTES : SINK_TASK_ATTRIBUTES;
    for (const attribute of attributes) {
      this.number(page, attribute.group, attribute, text, figures[attribute.name] ?? valueBefore(attribute.name));
    }
    this.taskTexts(page, spec, labels, connector);
    const { names, app } = this.options;
    for (const client of clients) addClientMetrics(page, client, { names, app, labels });
    this.plugins(page, labels, plugins);
  }

  private taskTexts(page: Exposition, spec: TaskFigures['spec'], labels: Labels, connector: Connector): void {
    const group = 'connector-task-metrics';
    const state = connector.status.tasks.find(({ id }) => id === spec.id.task)?.state.toLowerCase() ?? 'unassigned';
    this.text(page, group, 'status', labels, state);
    // Strimzi's older rules call the status of a task that of the connector, and dashboards count on it.
    if (this.options.names.includes('strimzi')) {
      const status = { name: 'kafka_connect_connector_status', help: 'Always 1; the attribute status is the label.' };
      page.add(status, labelText([...labels, ['status', state]]), 1);
    }
    this.text(page, group, 'connector-class', labels, connector.className);
    this.text(page, group, 'connector-type', labels, spec.kind);
    this.text(page, group, 'connector-version', labels, connector.version);
    this.text(page, group, 'task-class', labels, spec.taskConfig['task.class'] ?? '');
    this.text(page, group, 'task-version', labels, connector.version);
    for (const [what, type, { className }] of [
      ['key-converter', 'converter', spec.keyConverter],
      ['value-converter', 'converter', spec.valueConverter],
      ['header-converter', 'header_converter', spec.headerConverter],
    ] as const) {
      this.text(page, group, `${what}-class`, labels, className);
      this.text(page, group, `${what}-version`, labels, this.versionOf(type, className));
    }
    const predicates = new Set<string>();
    for (const { alias, className, predicate } of spec.transformations) {
      const of: Labels = [...labels, ['transform', alias]];
      this.text(page, 'connector-transform-metrics', 'transform-class', of, className);
      const version = this.versionOf('transformation', className);
      this.text(page, 'connector-transform-metrics', 'transform-version', of, version);
      if (predicate === undefined || predicates.has(predicate.alias)) continue;
      predicates.add(predicate.alias);
      const ofPredicate: Labels = [...labels, ['predicate', predicate.alias]];
      this.text(page, 'connector-predicate-metrics', 'predicate-class', ofPredicate, predicate.className);
      const predicateVersion = this.versionOf('predicate', predicate.className);
      this.text(page, 'connector-predicate-metrics', 'predicate-version', ofPredicate, predicateVersion);
    }
  }

  private versionOf(type: Parameters<ConnectMetricsOptions['plugin']>[0], className: string): string {
    return this.options.plugin(type, className)?.version ?? 'unknown';
  }

  private plugins(page: Exposition, labels: Labels, figures: readonly PluginFigure[]): void {
    for (const { name, description, isCounter, tags, value } of figures) {
      const own = Object.entries(tags).map(([tag, text]) => [promName(tag), text] as const);
      const help = description === '' ? 'Defined by a plugin.' : description;
      const type = isCounter ? 'counter' : 'gauge';
      page.add({ name: promName(`kafka_connect_plugins_${name}`), help, type }, labelText([...labels, ...own]), value);
    }
  }
}
