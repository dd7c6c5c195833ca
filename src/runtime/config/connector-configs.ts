/** Checks the configuration of a connector, all mistakes at once, and turns it into what the worker runs. */
import { silentLogger } from '../../foundation/logger.ts';
import { SecretRegistry } from '../../foundation/secret-registry.ts';
import type { ConfigInfos, ConfigKeyInfo } from '../../sdk/config/index.ts';
import { toConfigKeyInfo } from '../../sdk/config/index.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { ConfigError, type ConfigProblem, NotFoundError } from '../../sdk/errors/kinds.ts';
import { readableError } from '../../sdk/errors/readable-error.ts';
import type { RawConnectorConfig } from '../herder/herder.ts';
import { ISOLATIONS, type Placement, placementOf } from '../host/isolation.ts';
import type { TaskId, TaskSpec } from '../host/protocol.ts';
import { PLUGIN_TYPES, type PluginDesc } from '../plugins/plugin-desc.ts';
import { PLUGIN_VERSION_INVALID, type Plugins } from '../plugins/plugins.ts';
import type { Subscription } from '../worker/worker-task.ts';
import { ClassNames } from './class-names.ts';
import { type GroupAccess, groupAccess } from './client-settings.ts';
import { SINK_CONNECTOR_CONFIG, SOURCE_CONNECTOR_CONFIG } from './connector-config-def.ts';
import { type AskConnector, askHere, ConnectorValidation, type ValidatedConnector } from './connector-validation.ts';
import { connectorKeyFindings, type KeyFindings } from './key-findings.ts';
import { namedPlugins } from './named-plugins.ts';
import { overridePolicyOf } from './override-policy.ts';
import { passwordKeysOf } from './password-keys.ts';
import { definitionHere, type PluginDefinition } from './plugin-definition.ts';
import { type AskPlugin, askPluginHere, isAskedHere, PluginDefinitions } from './plugin-definitions.ts';
import { buildTaskSpec, hostSettings, sourceTopicCreation } from './task-spec.ts';
import { ConfigVariables } from './variables/config-variables.ts';
import type { ResolvedVariables } from './variables/resolved-variables.ts';
import { secretsOf } from './variables/secret-settings.ts';
import type { WorkerConfig } from './worker-config.ts';
import { unknownConverterKeys, type WorkerConverters, workerConverters } from './worker-converters.ts';

export const CONNECTOR_CONFIG_INVALID = defineErrorCode('holdfast.connector.config-invalid', {
  what: 'The configuration of a connector has mistakes; nothing was created or changed.',
  mend: 'Correct every setting that the message names and send the configuration again.',
});

export const PLUGIN_WITHOUT_SETTINGS = defineErrorCode('holdfast.plugin.no-settings', {
  what: 'The settings of a class were asked for that is no plugin with settings of its own, or that throws when it is asked for them.',
  mend: 'Ask for a class that GET /connector-plugins?connectorsOnly=false lists. If it is one, the message is what it threw: report it to the author of the plugin.',
});

const VALID_TYPES = ['sink', 'source', 'converter', 'header_converter', 'transformation', 'predicate'].join(', ');

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
  /** Where it and its tasks run. @throws ConfigError for an isolation that there is not */
  placement(): Placement;
  readonly keyFindings: KeyFindings;
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
  private readonly validation: ConnectorValidation;
  private readonly classes: ClassNames;
  private readonly withConverterDefaults: (own: Raw) => Raw;
  private checks = 0;
  /** Where connectors are asked; here, until the worker is there that knows a better place. */
  ask: AskConnector = askHere;
  /** And where other plugins are asked that must not be asked here. */
  askPlugin: AskPlugin = askPluginHere;
  readonly variables: ConfigVariables;
  readonly secrets: SecretRegistry;

  constructor(options: ConnectorConfigsOptions) {
    const { plugins, worker, withConverterDefaults = (own) => own } = options;
    this.plugins = plugins;
    this.worker = worker;
    this.withConverterDefaults = withConverterDefaults;
    this.variables = options.variables ?? new ConfigVariables({ providers: new Map(), logger: silentLogger });
    this.secrets = options.secrets ?? new SecretRegistry();
    this.validation = new ConnectorValidation({
      plugins,
      worker,
      withConverterDefaults,
      ask: (...about) => this.ask(...about),
      definitionsFor: (config) => this.definitionsFor(config),
    });
    this.classes = new ClassNames({ plugins });
  }

  /**
   * What is to be said about each setting, with variables resolved. Invariant 8: a value that came from a config provider shows as
   * `[hidden]`, and in messages as its variable.
   * @throws ConfigError when there is no connector to ask; what a provider throws
   */
  async validate(raw: RawConnectorConfig): Promise<ConfigInfos> {
    return (await this.look(raw)).infos;
  }

  /** @throws ConfigError `holdfast.connector.config-invalid` with every mistake, in Kafka Connect's words. */
  async resolve(raw: RawConnectorConfig): Promise<ResolvedConnector> {
    const { infos, validated, variables } = await this.look(raw);
    const problems: ConfigProblem[] = infos.configs.flatMap(({ value }) =>
      value === null ? [] : value.errors.map((message) => ({ key: value.name, message })),
    );
    if (validated.desc === undefined || problems.length > 0) {
      throw new ConfigError(
        `Connector configuration is invalid and contains the following ${problems.length} error(s):${problems
          .map(({ message }) => `\n${message}`)
          .join(
            '',
          )}\nYou can also find the above list of errors at the endpoint \`/connector-plugins/{connectorType}/config/validate\``,
        { code: CONNECTOR_CONFIG_INVALID, problems },
      );
    }
    return this.describe(validated.desc, variables, validated);
  }

  /**
   * The settings of a plugin, as a form shows them.
   * @param version a requirement such as `1.2` or `[1.0,2.0)`; the newest by default
   * @throws NotFoundError for an unknown plugin; ConfigError for a version that is not there, or can't be read
   */
  async definition(name: string, version: string | undefined): Promise<readonly ConfigKeyInfo[]> {
    const desc = this.pluginNamed(name, version);
    if (desc.type === 'source' || desc.type === 'sink') {
      return (await this.validation.definitionOf(desc)).map(toConfigKeyInfo);
    }
    const { def, failure } = await this.definitionOf(desc);
    if (failure !== null) throw new ConnectError(failure.message, { code: PLUGIN_WITHOUT_SETTINGS });
    return [...(def?.keys.values() ?? [])].map(toConfigKeyInfo);
  }

  /** Without a configuration: where the worker says that plugins run. */
  private async definitionOf(desc: PluginDesc): Promise<PluginDefinition> {
    if (isAskedHere(desc, this.placementOf(null).isolation)) return definitionHere(desc.className, desc.create);
    return this.askPlugin(desc, { connector: null, setting: '', prefix: '', part: null, framework: {}, config: null });
  }

  /** What the plugins say that a configuration names, asked where its connector runs. */
  private async definitionsFor(config: RawConnectorConfig): Promise<PluginDefinitions> {
    const definitions = this.definitionsHere(config);
    const { classes, withConverterDefaults, askPlugin: ask } = this;
    await definitions.askElsewhere({ config, classes, withConverterDefaults, ask });
    return definitions;
  }

  private definitionsHere(config: RawConnectorConfig): PluginDefinitions {
    const { isolation } = this.placementOf(config);
    return new PluginDefinitions((desc) => isAskedHere(desc, isolation));
  }

  private pluginNamed(name: string, version: string | undefined): PluginDesc {
    // An alias may stand for a converter and a header converter, which are one class.
    const found = PLUGIN_TYPES.flatMap((type) => this.plugins.find([type], name) ?? []);
    const [newest] = found;
    if (newest === undefined || new Set(found.map(({ className }) => className)).size > 1) {
      throw this.noSuchPlugin(name, found.length > 0);
    }
    if (version === undefined) return newest;
    try {
      return this.plugins.version(newest, version);
    } catch (error) {
      if (!(error instanceof ConfigError) || error.code !== PLUGIN_VERSION_INVALID) throw error;
      throw new ConfigError(`Invalid version specification: ${version}`, { code: error.code, cause: error });
    }
  }

  private noSuchPlugin(name: string, isAmbiguous: boolean): ConnectError {
    if (this.plugins.find(['config_provider'], name) !== undefined || overridePolicyOf(name) !== undefined) {
      return new ConfigError(`Invalid plugin class ${name}. Valid types are ${VALID_TYPES}.`, {
        code: PLUGIN_WITHOUT_SETTINGS,
      });
    }
    if (!isAmbiguous && this.classes.isNoPlugin(name)) {
      return new ConnectError('Instantiation error', { code: PLUGIN_WITHOUT_SETTINGS });
    }
    return new NotFoundError(`Unknown plugin ${name}.`);
  }

  /**
   * Where a connector with this configuration runs and is validated; null: by the worker's defaults, and so is an invalid
   * `task.isolation`, which validation reports.
   */
  placementOf(config: RawConnectorConfig | null): Placement {
    const given = config?.['task.isolation'];
    const isKnown = ISOLATIONS.some((each) => each === given?.trim().toLowerCase());
    const isolation = isKnown && typeof given === 'string' ? given : this.worker.values['task.isolation'];
    return placementOf({ 'task.isolation': isolation });
  }

  private async look(given: RawConnectorConfig) {
    const variables = await this.variables.resolve(given);
    // Invariant 8: before any plugin can repeat one, and until it has answered, however many others are checked meanwhile.
    const owner = `check ${++this.checks}`;
    this.secrets.hold(owner, secretsOf(variables.config, variables));
    try {
      const validated = await this.validation.validate(variables.config);
      return { variables, validated, infos: withoutProvided(validated.infos, variables) };
    } catch (error) {
      throw readableError(error);
    } finally {
      this.secrets.release(owner);
    }
  }

  /** Of the converters that the worker names, as far as they are asked in this thread. */
  workerConverters(definitions = this.definitionsHere(this.worker.raw)): WorkerConverters {
    const { classes, withConverterDefaults } = this;
    return workerConverters(this.worker.raw, { classes, definitions, withConverterDefaults });
  }

  /** The same of all of them; null when that says nothing new. Its secrets are learnt. @throws as `AskPlugin` */
  async workerConvertersElsewhere(): Promise<WorkerConverters | null> {
    const { raw } = this.worker;
    const { isolation } = this.placementOf(raw);
    const named = namedPlugins(raw).map(({ type, className }) => this.classes.find(type, className));
    if (named.every((desc) => desc === undefined || isAskedHere(desc, isolation))) return null;
    const found = this.workerConverters(await this.definitionsFor(raw));
    this.secrets.hold('converters of the worker', secretsOf(raw, found));
    return found;
  }

  private describe(
    desc: PluginDesc,
    variables: ResolvedVariables,
    validated: Pick<ValidatedConnector, 'known' | 'passwordKeys' | 'definitions'>,
  ): ResolvedConnector {
    const config = variables.config as Raw;
    const type = desc.type as 'source' | 'sink';
    const values = (type === 'source' ? SOURCE_CONNECTOR_CONFIG : SINK_CONNECTOR_CONFIG).parse(config);
    const { plugins, worker } = this;
    const findings = connectorKeyFindings(type, config, { known: validated.known, worker: worker.raw });
    // Its own were told when it was asked: another call of its config() would be one in this thread.
    const named = { classes: this.classes, definitions: validated.definitions };
    const passwordKeys = new Set([...validated.passwordKeys, ...passwordKeysOf(config, named)]);
    const secrets = secretsOf(config, { ...variables, passwordKeys });
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
        return this.describe(desc, now, validated);
      },
      connectorConfig: config,
      groupAccess: groupAccess(worker.raw, config),
      placement: () => placementOf(hostSettings(worker, config)),
      keyFindings: { ...findings, unknown: [...findings.unknown, ...unknownConverterKeys(config, named)] },
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

function withoutProvided(infos: ConfigInfos, variables: ResolvedVariables): ConfigInfos {
  if (variables.found.length === 0) return infos;
  const { raw, config } = variables;
  const configs = infos.configs.map((info) => {
    if (info.value === null) return info;
    const { name, value, errors } = info.value;
    const isProvided = raw[name] !== config[name];
    const shown = isProvided && value !== null ? '[hidden]' : value;
    return {
      ...info,
      value: { ...info.value, value: shown, errors: errors.map((each) => variables.hide(each, name)) },
    };
  });
  return { ...infos, configs };
}
