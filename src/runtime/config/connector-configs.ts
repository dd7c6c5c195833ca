/** Checks the configuration of a connector, all mistakes at once, and turns it into what the worker runs. */
import { silentLogger } from '../../foundation/logger.ts';
import { SecretRegistry } from '../../foundation/secret-registry.ts';
import type { ConfigDef } from '../../sdk/config/index.ts';
import type { Connector } from '../../sdk/connector.ts';
import type { Converter } from '../../sdk/converter.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConfigError, type ConfigProblem } from '../../sdk/errors/kinds.ts';
import type { RawConnectorConfig } from '../herder/herder.ts';
import { type Isolation, isolationOf } from '../host/isolation.ts';
import type { TaskId, TaskSpec } from '../host/protocol.ts';
import { PLUGIN_TYPES, type PluginDesc } from '../plugins/plugin-desc.ts';
import type { Plugins } from '../plugins/plugins.ts';
import { VersionRange } from '../plugins/version-range.ts';
import type { Subscription } from '../worker/worker-task.ts';
import { listOf } from './alias-list.ts';
import { forbiddenOverrides, type GroupAccess, groupAccess, type OverridePolicy } from './client-settings.ts';
import { SINK_CONNECTOR_CONFIG, SOURCE_CONNECTOR_CONFIG } from './connector-config-def.ts';
import { passwordKeysOf } from './password-keys.ts';
import { converterProblems, pluginProblems, problemsIn } from './plugin-problems.ts';
import { sinkProblems } from './sink-topics.ts';
import { buildTaskSpec, sourceTopicCreation } from './task-spec.ts';
import { ConfigVariables } from './variables/config-variables.ts';
import type { ResolvedVariables } from './variables/resolved-variables.ts';
import { secretsOf } from './variables/secret-settings.ts';
import { type WorkerConfig, withPrefix } from './worker-config.ts';

export const CONNECTOR_CONFIG_INVALID = defineErrorCode('holdfast.connector.config-invalid', {
  what: 'The configuration of a connector has mistakes; nothing was created or changed.',
  mend: 'Correct every setting that the message names and send the configuration again.',
});

/** A checked configuration. */
export interface ResolvedConnector {
  readonly type: 'source' | 'sink';
  readonly desc: PluginDesc;
  readonly tasksMax: number;
  readonly tasksMaxEnforce: boolean;
  /** What came from config providers, and what of it may be shown. */
  readonly variables: ResolvedVariables;
  /** False with `config.action.reload=none`. */
  readonly reloads: boolean;
  /** Invariant 8: to be struck out of every text. */
  readonly secrets: ReadonlySet<string>;
  /** The same with what config providers say now. Nothing is validated again. @throws what a provider throws */
  refreshed(): Promise<ResolvedConnector>;
  /** What the connector's `start` gets. */
  readonly connectorConfig: Readonly<Record<string, string>>;
  /** The consumer group of a sink, and how an admin client of this connector finds its cluster. */
  readonly groupAccess: GroupAccess;
  /** `task.isolation`. @throws ConfigError for a value that it can't have */
  isolation(): Isolation;
  /** What is found only when the connector starts, as with Kafka Connect. @throws ConfigError for a mistake in `topic.creation.*` */
  checkStart(): void;
  /** `task.class` of the task configurations. */
  taskClassName(config: Readonly<Record<string, string>>): string;
  /** With what config providers say now. @throws what a provider throws */
  taskSpec(task: {
    readonly id: TaskId;
    /** With its variables. */
    readonly taskConfig: Readonly<Record<string, string>>;
    readonly initialState: 'STARTED' | 'PAUSED';
  }): Promise<{ readonly spec: TaskSpec; readonly subscription: Subscription | null }>;
}

type Raw = Readonly<Record<string, string>>;
type Plugin = { config?(): ConfigDef };

const INTERFACES = {
  converter: 'Converter',
  header_converter: 'HeaderConverter',
  transformation: 'Transformation',
  predicate: 'Predicate',
} as const;

const CONVERTERS = [
  ['key.converter', 'converter'],
  ['value.converter', 'converter'],
  ['header.converter', 'header_converter'],
] as const;

export interface ConnectorConfigsOptions {
  readonly plugins: Plugins;
  readonly worker: WorkerConfig;
  /** A converter's own settings with those that it finds below them, and that it may therefore leave out. */
  readonly withConverterDefaults?: (own: Raw) => Raw;
  /** None unless told. */
  readonly variables?: ConfigVariables;
  /** Learns the secrets of every configuration before a plugin sees it. */
  readonly secrets?: SecretRegistry;
}

export class ConnectorConfigs {
  private readonly plugins: Plugins;
  private readonly worker: WorkerConfig;
  private readonly withConverterDefaults: (own: Raw) => Raw;
  readonly variables: ConfigVariables;
  readonly secrets: SecretRegistry;

  constructor(options: ConnectorConfigsOptions) {
    this.plugins = options.plugins;
    this.worker = options.worker;
    this.withConverterDefaults = options.withConverterDefaults ?? ((own) => own);
    this.variables = options.variables ?? new ConfigVariables({ providers: new Map(), logger: silentLogger });
    this.secrets = options.secrets ?? new SecretRegistry();
  }

  /** @throws ConfigError `holdfast.connector.config-invalid` with every mistake, in Kafka Connect's words. */
  async resolve(given: RawConnectorConfig): Promise<ResolvedConnector> {
    const variables = await this.variables.resolve(given);
    const raw = variables.config;
    // Invariant 8: before any plugin can repeat one.
    this.secrets.add(secretsOf(raw, variables));
    const className = raw['connector.class'];
    if (className === undefined || className === null || className === '') {
      const shown = Object.entries(raw)
        // Invariant 8: without a class nobody knows which of them are secrets.
        .map(([key, value]) => `${key}=${key === 'name' ? value : '[hidden]'}`)
        .join(', ');
      throw new ConfigError(`Connector config {${shown}} contains no connector type`, {
        code: CONNECTOR_CONFIG_INVALID,
      });
    }
    const newest = this.plugins.get(['source', 'sink'], className.trim());
    const versions = this.plugins.versionsOf(newest);
    const range = versionRange(raw['connector.plugin.version']);
    const desc = range === null ? newest : versions.find(({ version }) => range.has(version));
    const problems =
      desc === undefined
        ? noVersion(versions, range)
        : (await this.problemsOf(desc, raw)).map(({ key, message }) => ({
            key,
            message: variables.hide(message, key),
          }));
    if (desc === undefined || problems.length > 0) {
      throw new ConfigError(
        `Connector configuration is invalid and contains the following ${problems.length} error(s):${problems
          .map(({ message }) => `\n${message}`)
          .join(
            '',
          )}\nYou can also find the above list of errors at the endpoint \`/connector-plugins/{connectorType}/config/validate\``,
        { code: CONNECTOR_CONFIG_INVALID, problems },
      );
    }
    return this.describe(desc, variables);
  }

  /** Every mistake, in the order of the settings' definition. */
  private async problemsOf(desc: PluginDesc, raw: RawConnectorConfig): Promise<ConfigProblem[]> {
    const nulls = Object.entries(raw).filter(([, value]) => value === null);
    if (nulls.length > 0) {
      return nulls.map(([key]) => ({ key, message: 'Null value can not be supplied as the configuration value.' }));
    }
    const config = raw as Raw;
    const base = desc.type === 'source' ? SOURCE_CONNECTOR_CONFIG : SINK_CONNECTOR_CONFIG;
    const policy = this.worker.values['connector.client.config.override.policy'] as OverridePolicy;
    const problems = [
      ...problemsIn(base.validate(config)),
      ...(desc.type === 'sink' ? sinkProblems(config) : exactlyOnceProblems(config)),
      ...this.transformationProblems(config),
      ...(await this.connectorProblems(desc, config)),
      ...this.converterProblems(config),
      ...forbiddenOverrides(policy, config),
    ];
    const order = [...base.keys.keys()];
    const rank = ({ key }: ConfigProblem): number => (order.includes(key) ? order.indexOf(key) : order.length);
    return problems.sort((a, b) => rank(a) - rank(b));
  }

  private async connectorProblems(desc: PluginDesc, config: Raw): Promise<ConfigProblem[]> {
    const connector = new desc.create() as Connector;
    const def: unknown = connector.config();
    if (def === null || def === undefined) {
      throw new ConfigError(`${desc.className}.config() must return a ConfigDef that is not null.`, {
        code: CONNECTOR_CONFIG_INVALID,
      });
    }
    const values =
      connector.validate === undefined ? (def as ConfigDef).validate(config) : await connector.validate(config);
    return problemsIn(values);
  }

  /** Of the converters that the worker names: nothing else looks at them before the first task is started. */
  workerConverterProblems(): ConfigProblem[] {
    return this.converterProblems(this.worker.raw);
  }

  private converterProblems(config: Raw): ConfigProblem[] {
    const problems: ConfigProblem[] = [];
    for (const [key, type] of CONVERTERS) {
      const name = config[key];
      if (name === undefined) continue;
      const desc = this.plugins.find([type], name.trim());
      if (desc === undefined) problems.push(this.noClass(key, name, type));
      else {
        // As at run time, the framework says for what the converter is.
        const part = key.replace('.converter', '') as 'key' | 'value' | 'header';
        const own = this.withConverterDefaults({ ...withPrefix(config, `${key}.`), 'converter.type': part });
        problems.push(...converterProblems(new desc.create() as Converter, own, part, `${key}.`));
      }
    }
    return problems;
  }

  /** Keys under the prefix of a converter that it does not know, of a connector or of the worker: most likely misspelt. */
  unknownConverterKeys(config: RawConnectorConfig): string[] {
    return CONVERTERS.flatMap(([key, type]) => {
      const desc = this.plugins.find([type], (config[key] ?? '').trim());
      const def = desc === undefined ? undefined : (new desc.create() as { config?: () => ConfigDef }).config?.();
      if (def === undefined) return [];
      return def
        .unusedKeys(withPrefix(config as Raw, `${key}.`))
        .filter((own) => own !== 'converter.type' && own !== 'plugin.version')
        .map((own) => `${key}.${own}`);
    });
  }

  private noClass(key: string, name: string, type: keyof typeof INTERFACES): ConfigProblem {
    const other = this.plugins.find(PLUGIN_TYPES, name.trim());
    if (other !== undefined) {
      return { key, message: `Class class ${other.className} does not implement the ${INTERFACES[type]} interface` };
    }
    return { key, message: `Invalid value ${name} for configuration ${key}: Class ${name} could not be found.` };
  }

  private transformationProblems(config: Raw): ConfigProblem[] {
    const problems: ConfigProblem[] = [];
    const predicates = listOf(config['predicates']);
    for (const alias of predicates) problems.push(...this.aliasProblems(config, `predicates.${alias}.`, 'predicate'));
    for (const alias of listOf(config['transforms'])) {
      const prefix = `transforms.${alias}.`;
      problems.push(...this.aliasProblems(config, prefix, 'transformation'));
      const predicate = config[`${prefix}predicate`]?.trim();
      const negate = config[`${prefix}negate`];
      if (predicate === undefined && negate !== undefined) {
        problems.push({
          key: `${prefix}type`,
          message: `Config '${prefix}negate' was provided but there is no config '${prefix}predicate' defining a predicate to be negated.`,
        });
      }
      if (negate !== undefined && !/^(true|false)$/i.test(negate.trim())) {
        problems.push({
          key: `${prefix}negate`,
          message: `Invalid value ${negate} for configuration ${prefix}negate: Expected value to be either true or false`,
        });
      }
      // Kafka Connect lets this pass and the task fails.
      if (predicate !== undefined && predicate !== '' && !predicates.includes(predicate)) {
        problems.push({
          key: `${prefix}predicate`,
          message: `Invalid value ${predicate} for configuration ${prefix}predicate: no predicate of this alias is declared in predicates.`,
        });
      }
    }
    return problems;
  }

  private aliasProblems(config: Raw, prefix: string, type: 'transformation' | 'predicate'): ConfigProblem[] {
    const key = `${prefix}type`;
    const name = config[key];
    if (name === undefined)
      return [{ key, message: `Missing required configuration "${key}" which has no default value.` }];
    const desc = this.plugins.find([type], name.trim());
    if (desc !== undefined) return pluginProblems(new desc.create() as Plugin, withPrefix(config, prefix), prefix);
    const outer = this.plugins.list([type]).filter(({ className }) => className.startsWith(`${name}$`));
    if (outer.length === 0) return [this.noClass(key, name, type)];
    const choices = outer.map(({ className }) => className).join(', ');
    return [{ key, message: `This class is abstract and cannot be created. Did you mean ${choices}?` }];
  }

  private describe(desc: PluginDesc, variables: ResolvedVariables): ResolvedConnector {
    const config = variables.config as Raw;
    const type = desc.type as 'source' | 'sink';
    const values = (type === 'source' ? SOURCE_CONNECTOR_CONFIG : SINK_CONNECTOR_CONFIG).parse(config);
    const { plugins, worker } = this;
    const secrets = secretsOf(config, { ...variables, passwordKeys: passwordKeysOf(plugins, desc, config) });
    this.secrets.add(secrets);
    return {
      type,
      desc,
      tasksMax: values['tasks.max'],
      tasksMaxEnforce: values['tasks.max.enforce'],
      variables,
      reloads: (config['config.action.reload'] ?? 'restart').trim().toLowerCase() !== 'none',
      secrets,
      refreshed: async () => {
        const now = await this.variables.resolve(variables.raw);
        return this.describe(desc, now);
      },
      connectorConfig: config,
      groupAccess: groupAccess(worker.raw, config),
      isolation: () => isolationOf({ 'task.isolation': config['task.isolation'] ?? worker.values['task.isolation'] }),
      checkStart: () => {
        if (type === 'source') sourceTopicCreation(worker, config);
      },
      taskClassName: () => desc.className.replace(/Connector$/, 'Task'),
      taskSpec: async (task) => {
        const now = await this.variables.resolve(variables.raw);
        const own = await this.variables.resolve(task.taskConfig);
        const taskConfig = own.config as Raw;
        this.secrets.add([...secretsOf(now.config, now), ...secretsOf(own.config, own)]);
        const built = buildTaskSpec({ plugins, worker, desc, config: now.config as Raw, ...task, taskConfig });
        const errors = { ...built.spec.errors, secrets: this.secrets.secrets() };
        return { ...built, spec: { ...built.spec, errors } };
      },
    };
  }
}

/** null when there is none, or none that can be read: then validation says so. */
function versionRange(text: string | null | undefined): VersionRange | null {
  if (text === null || text === undefined) return null;
  try {
    return new VersionRange(text);
  } catch {
    return null;
  }
}

function noVersion(versions: readonly PluginDesc[], range: VersionRange | null): ConfigProblem[] {
  const available = versions.map(({ version }) => version).join(', ');
  const message = `Plugin ${versions[0]?.className} not found that matches the version range ${range}, available versions: [${available}]`;
  return ['connector.class', 'connector.plugin.version'].map((key) => ({ key, message }));
}

/** Exactly-once sources need distributed mode. */
function exactlyOnceProblems(config: Raw): ConfigProblem[] {
  if ((config['exactly.once.support'] ?? '').trim().toLowerCase() !== 'required') return [];
  return [{ key: 'exactly.once.support', message: 'This worker does not have exactly-once source support enabled.' }];
}
