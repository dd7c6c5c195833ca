/** Scenarios against the scripted registry, whose group a worker on an embedded broker may describe. */
import type { Admin, Broker, GroupDescription } from '../../src/broker/ports.ts';
import { decodeRecord } from '../../src/embedded-registry/registry-record.ts';
import { ConfigError } from '../../src/sdk/errors/index.ts';
import { ScriptedRegistry, type ScriptedRegistryOptions } from '../../src/testing/index.ts';
import type { RegisteredSchema } from '../support/chaos-verification.ts';
import { freePorts } from '../support/ports.ts';
import { playRegistryScenario, type RegistryScenario, type ScenarioWorld } from './registry-scenario.ts';

export interface ScriptedWorld extends ScenarioWorld {
  readonly registry: ScriptedRegistry;
}

type Part = (world: ScriptedWorld) => Promise<void>;

export interface ScriptedScenario extends Omit<RegistryScenario, 'before' | 'trouble' | 'after' | 'wrapBroker'> {
  readonly registry: ScriptedRegistryOptions;
  /** May the registry's group be described? It may unless told. */
  readonly group?: 'described' | 'forbidden';
  readonly before?: Part;
  readonly trouble: Part;
  readonly after?: Part;
}

/** Rejects with everything that did not hold; prints one line of figures. */
export async function playScenario(scenario: ScriptedScenario): Promise<void> {
  const { registry: options, group = 'described', before, trouble, after, ...rest } = scenario;
  const registry = await ScriptedRegistry.start({ ...options, ports: await freePorts(options.nodes ?? 1) });
  let begunAt = 0;
  const part = (run: Part) => (world: ScenarioWorld) => run({ ...world, registry });
  try {
    await playRegistryScenario(
      {
        urls: registry.urls,
        register: (subject, schema) => registry.register(subject, schema),
        log: () => schemasIn(registry),
        peak: () => registry.requests.peak(1_000, { fromMs: begunAt }),
      },
      {
        ...rest,
        wrapBroker: (broker) =>
          withRegistryGroup(broker, async () => {
            if (group === 'forbidden') throw new ConfigError('Not authorized to describe the group schema-registry.');
            return registry.describeGroup();
          }),
        ...(before === undefined ? {} : { before: part(before) }),
        ...(after === undefined ? {} : { after: part(after) }),
        trouble: (world) => {
          begunAt = registry.elapsedMs;
          return trouble({ ...world, registry });
        },
      },
    );
  } finally {
    await registry.stop();
  }
}

/** Every schema record in the log, in order. */
export function schemasIn(registry: ScriptedRegistry): readonly RegisteredSchema[] {
  return registry.records().flatMap(({ key, value }) => {
    const decoded = decodeRecord(key, value);
    if (decoded.kind !== 'record' || decoded.record.keytype !== 'SCHEMA' || decoded.record.value === null) return [];
    const { id, subject, schema } = decoded.record.value;
    return [{ id, subject, schema }];
  });
}

/** An embedded broker that passes for a Kafka on which the registry elects. */
function withRegistryGroup(broker: Broker, describe: () => Promise<GroupDescription>): Broker {
  return {
    kind: 'kafka',
    producer: (options) => broker.producer(options),
    fetcher: (options) => broker.fetcher(options),
    logReader: (options) => broker.logReader(options),
    groupMember: (options) => broker.groupMember(options),
    protocolMember: (options) => broker.protocolMember(options),
    close: () => broker.close(),
    admin: (options): Admin => {
      const admin = broker.admin(options);
      return new Proxy(admin, {
        get(target, key) {
          if (key === 'describeGroups') {
            return async (ids: readonly string[], signal?: AbortSignal) =>
              ids.includes('schema-registry') ? [await describe()] : target.describeGroups(ids, signal);
          }
          const value: unknown = Reflect.get(target, key);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  };
}
