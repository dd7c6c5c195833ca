/** Single questions to plugins of which no instance runs: inline in this thread, otherwise in one that has nothing else to do meanwhile. */
import type { Logger } from '../../foundation/logger.ts';
import type { Connector } from '../../sdk/connector.ts';
import type { ConnectorDefinition } from '../config/connector-definition.ts';
import { askHere } from '../config/connector-validation.ts';
import { definitionOfAnswer, type PluginAnswer } from '../config/plugin-definition.ts';
import type { AskPlugin } from '../config/plugin-definitions.ts';
import type { RawConnectorConfig } from '../herder/herder.ts';
import { alterOffsetsOf } from '../host/connector-host.ts';
import type { Placement } from '../host/isolation.ts';
import type { LoadedPluginKind } from '../host/plugin-loader.ts';
import type { AlteredOffsets, ConnectorCall } from '../host/protocol.ts';
import type { PluginDesc, PluginType } from '../plugins/plugin-desc.ts';
import type { CallHosts } from './call-hosts.ts';
import type { PluginWatches } from './plugin-watch.ts';

const KINDS: Readonly<Record<Exclude<PluginType, 'config_provider'>, LoadedPluginKind>> = {
  source: 'connector',
  sink: 'connector',
  transformation: 'transformation',
  predicate: 'predicate',
  converter: 'converter',
  header_converter: 'header converter',
};

export class PluginQuestions {
  private readonly hosts: CallHosts;
  private readonly watches: PluginWatches;
  private readonly logger: Logger;
  private readonly ensureRunning: () => void;

  constructor(options: {
    readonly hosts: CallHosts;
    readonly watches: PluginWatches;
    readonly logger: Logger;
    /** Throws once the worker stops. */
    readonly ensureRunning: () => void;
  }) {
    this.hosts = options.hosts;
    this.ensureRunning = options.ensureRunning;
    this.watches = options.watches;
    this.logger = options.logger;
  }

  /** Ends all threads, whatever is asked in them. */
  close(): Promise<void> {
    return this.hosts.close();
  }

  /**
   * Asks another instance of the connector, which is never started, where it would run. undefined when it has nothing to say to it.
   * @param signal whoever asks has given up: in a thread it is not called then, or ends with its thread.
   */
  async alterOffsets(
    name: string,
    desc: PluginDesc,
    placement: Placement,
    altered: { readonly config: Readonly<Record<string, string>>; readonly offsets: AlteredOffsets },
    signal?: AbortSignal,
  ): Promise<boolean | undefined> {
    if (placement.isolation === 'inline') {
      return this.watches.during(name, 'alterOffsets', this.logger, () =>
        alterOffsetsOf(new desc.create() as Connector, altered.config, altered.offsets),
      );
    }
    const about = { method: 'alterOffsets', plugin: refOf(desc), ...altered } as const;
    return (await this.inThread(name, 'alterOffsets', about, signal)) as boolean | undefined;
  }

  /** Asks an instance of the class that is never started, where it would run. @throws as `connectorDefinition`; ConnectError `holdfast.connector.call-timeout` */
  async askConnector(
    desc: PluginDesc,
    name: string | null,
    config: RawConnectorConfig | null,
    placement: Placement,
  ): Promise<ConnectorDefinition> {
    const method = config === null ? 'config' : 'validate';
    const connector = name ?? desc.className;
    if (placement.isolation === 'inline') {
      return this.watches.during(connector, method, this.logger, () => askHere(desc, name, config));
    }
    const about = { method, plugin: refOf(desc), config } as const;
    return (await this.inThread(connector, method, about)) as ConnectorDefinition;
  }

  /** Asks an instance of a transformation, predicate or converter that is never configured, in a thread. @throws as {@link AskPlugin} */
  readonly askPlugin: AskPlugin = async (desc, { connector, setting, ...question }) => {
    const named = setting === '' ? 'config' : `${setting}.config`;
    const kind = KINDS[desc.type as keyof typeof KINDS];
    const about = { method: 'describe', named, kind, plugin: refOf(desc), ...question } as const;
    return definitionOfAnswer((await this.inThread(connector ?? desc.className, named, about)) as PluginAnswer);
  };

  private async inThread(
    connector: string,
    named: string,
    about: DistributiveOmit<ConnectorCall, 'type' | 'connector' | 'instance'>,
    signal?: AbortSignal,
  ): Promise<unknown> {
    this.ensureRunning();
    const call = { type: 'connector', connector, instance: 0, ...about } as ConnectorCall;
    return this.watches.during(connector, named, this.logger, () => this.hosts.ask(call, signal));
  }
}

type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never;

function refOf({ module, className }: PluginDesc): { readonly module: string; readonly className: string } {
  return { module, className };
}
