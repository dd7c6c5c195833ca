import type { Broker } from '../../../src/broker/ports.ts';
import { OpenedParts } from '../../../src/cli/opened-parts.ts';
import type { CommonOptions } from '../../../src/cli/schemas/common-options.ts';
import { noProgress, type Progress } from '../../../src/cli/schemas/progress.ts';
import { SchemasSession } from '../../../src/cli/schemas/schemas-session.ts';
import { type Clock, systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { SecretRegistry } from '../../../src/foundation/secret-registry.ts';
import type { RegistryNodes } from '../../../src/recovery/rest/open-nodes.ts';
import type { RegistryInMemory } from './registry-in-memory.ts';

export interface RecordedSessionOptions {
  readonly broker?: Broker;
  readonly registry?: RegistryInMemory;
  readonly options?: Partial<CommonOptions>;
  readonly clock?: Clock;
  readonly progress?: Progress;
}

/** A session of a command in this process, with this broker and this registry; keeps what would be printed. */
export class RecordedSession extends SchemasSession {
  /** What goes to stdout and to stderr, in order. */
  readonly said: string[] = [];
  json: unknown;
  private readonly given: RecordedSessionOptions;
  private readonly opened: OpenedParts;

  constructor(given: RecordedSessionOptions) {
    const parts = new OpenedParts();
    super({
      options: {
        ...{ topic: '_schemas', groupId: 'schema-registry', json: true, quiet: true, bootstrapServers: 'kafka:9092' },
        ...(given.registry === undefined ? {} : { registry: 'http://one:8081' }),
        ...given.options,
      },
      ...{ clock: given.clock ?? systemClock, logger: silentLogger, progress: given.progress ?? noProgress, parts },
      ...{ signal: new AbortController().signal, secrets: new SecretRegistry() },
    });
    this.given = given;
    this.opened = parts;
  }

  /** As one text. */
  get text(): string {
    return this.said.join('\n');
  }

  override broker(): Promise<Broker> {
    const { broker } = this.given;
    return broker === undefined ? Promise.reject(new Error('no broker was given')) : Promise.resolve(broker);
  }

  override nodes(): Promise<RegistryNodes | undefined> {
    const { registry } = this.given;
    if (registry === undefined) return Promise.resolve(undefined);
    return Promise.resolve({ nodes: [registry.node()], close: () => Promise.resolve() });
  }

  override print({ json, text }: { readonly json: unknown; readonly text: readonly string[] }): void {
    this.json = JSON.parse(JSON.stringify(json));
    this.said.push(...text);
  }

  override note(text: string): void {
    this.said.push(text);
  }

  /** Once, at the end. */
  close(): Promise<void> {
    return this.opened.close();
  }
}
