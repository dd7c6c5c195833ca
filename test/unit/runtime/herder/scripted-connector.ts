import type { Logger } from '../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { ConnectorConfigs } from '../../../../src/runtime/config/connector-configs.ts';
import type { ConfigVariables } from '../../../../src/runtime/config/variables/config-variables.ts';
import { parseWorkerConfig } from '../../../../src/runtime/config/worker-config.ts';
import { StandaloneHerder } from '../../../../src/runtime/herder/standalone-herder.ts';
import type { PluginDesc } from '../../../../src/runtime/plugins/plugin-desc.ts';
import { Plugins } from '../../../../src/runtime/plugins/plugins.ts';
import { Worker } from '../../../../src/runtime/worker/worker.ts';
import { ConfigDef } from '../../../../src/sdk/config/index.ts';
import type { ConnectorConfig, SourceConnectorContext } from '../../../../src/sdk/connector.ts';
import type { ConfigBackingStore } from '../../../../src/storage/config-backing-store.ts';
import { MemoryOffsetBackingStore } from '../../../../src/storage/memory-offset-backing-store.ts';
import type { OffsetBackingStore } from '../../../../src/storage/offset-backing-store.ts';
import { logger } from '../fake-task-edges.ts';
import { groupBroker } from '../worker/fake-group-member.ts';
import { ScriptedHost } from '../worker/scripted-host.ts';

/** What the connectors of a test do next; those of one test share it. */
export interface ConnectorScript {
  readonly calls: string[];
  contexts: SourceConnectorContext[];
  /** How many instances of each connector are started and not stopped. */
  readonly live: Map<string, number>;
  initialize: () => void | Promise<void>;
  start: (config: ConnectorConfig, signal: AbortSignal) => void | Promise<void>;
  taskConfigs: (
    maxTasks: number,
    config: ConnectorConfig,
  ) => readonly ConnectorConfig[] | Promise<readonly ConnectorConfig[]>;
  stop: () => void | Promise<void>;
  /** null: the class has no such method. */
  alterOffsets: ((config: ConnectorConfig) => boolean | Promise<boolean>) | null;
}

function scriptedConnector(script: ConnectorScript): new () => unknown {
  return class {
    get alterOffsets(): ConnectorScript['alterOffsets'] | undefined {
      return script.alterOffsets ?? undefined;
    }
    private started: ConnectorConfig = {};
    version(): string {
      return '4.5.6';
    }
    config(): ConfigDef {
      return ConfigDef.of({ topic: { type: 'STRING', importance: 'high', documentation: 'Topic.' } }) as never;
    }
    initialize(context: SourceConnectorContext): void | Promise<void> {
      script.contexts.push(context);
      return script.initialize();
    }
    start(config: ConnectorConfig, signal: AbortSignal): void | Promise<void> {
      const { name = '' } = config;
      script.calls.push(`start ${name}`);
      this.started = config;
      const count = (): void => {
        script.live.set(name, (script.live.get(name) ?? 0) + 1);
      };
      const starting = script.start(config, signal);
      if (starting !== undefined) return starting.then(count);
      count();
    }
    taskConfigs(maxTasks: number): readonly ConnectorConfig[] | Promise<readonly ConnectorConfig[]> {
      script.calls.push(`taskConfigs ${maxTasks}`);
      return script.taskConfigs(maxTasks, this.started);
    }
    stop(): void | Promise<void> {
      script.calls.push('stop');
      const { name = '' } = this.started;
      script.live.set(name, (script.live.get(name) ?? 0) - 1);
      return script.stop();
    }
    taskClass(): never {
      throw new Error('tasks run in the host');
    }
  };
}

export function desc(type: PluginDesc['type'], className: string, create: new () => unknown): PluginDesc {
  return { type, className, otherNames: [], version: '1.2.3', module: 'file:///p.js', location: 'test', create };
}

class PlainConverter {}

/** A standalone herder and its worker, over a scripted task host and a scripted connector class, `test.ScriptedSource`. */
export function openHerder(
  options: {
    readonly store?: ConfigBackingStore;
    readonly offsetStore?: OffsetBackingStore;
    readonly onHost?: (host: ScriptedHost) => void;
    readonly logger?: Logger;
    readonly variables?: ConfigVariables;
  } = {},
): {
  readonly herder: StandaloneHerder;
  readonly script: ConnectorScript;
  readonly clock: ManualClock;
  readonly host: () => ScriptedHost;
  readonly startup: { detail: string };
} {
  const { onHost, variables, ...given } = options;
  const clock = new ManualClock();
  const hosts: ScriptedHost[] = [];
  const script: ConnectorScript = {
    calls: [],
    contexts: [],
    live: new Map(),
    initialize: () => {},
    start: () => {},
    taskConfigs: (max, config) => Array.from({ length: max }, (_, task) => ({ ...config, 'task.id': String(task) })),
    stop: () => {},
    alterOffsets: null,
  };
  const plugins = new Plugins([
    desc('source', 'test.ScriptedSource', scriptedConnector(script)),
    desc('converter', 'test.PlainConverter', PlainConverter),
    desc('header_converter', 'org.apache.kafka.connect.storage.SimpleHeaderConverter', PlainConverter),
  ]);
  const worker = new Worker({
    clock,
    logger,
    broker: groupBroker().broker,
    offsetStore: options.offsetStore ?? new MemoryOffsetBackingStore(),
    openHost: () => {
      const host = new ScriptedHost();
      hosts.push(host);
      onHost?.(host);
      return host;
    },
    services: {},
    gates: { snapshots: () => [], onChange: () => () => {}, get: () => undefined },
    offsetFlushIntervalMs: 60_000,
    gracefulTimeoutMs: 5_000,
  });
  const config = parseWorkerConfig({ 'key.converter': 'test.PlainConverter', 'value.converter': 'Plain' });
  const startup = { detail: '' };
  const herder = new StandaloneHerder({
    worker,
    plugins,
    configs: new ConnectorConfigs({ plugins, worker: config, ...(variables === undefined ? {} : { variables }) }),
    clock,
    logger,
    workerId: () => '127.0.0.1:8083',
    clusterId: async () => 'cluster',
    startup: () => startup.detail,
    ...given,
  });
  const host = (): ScriptedHost => {
    const last = hosts.at(-1);
    if (last === undefined) throw new Error('no host was opened');
    return last;
  };
  return { herder, script, clock, host, startup };
}
