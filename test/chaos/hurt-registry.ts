/** What the tests of damages share: a registry that runs over a real Kafka, a backup of it, and commands at its topic. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts';
import type { RegistryVendor } from '../../src/embedded-registry/vendor-profile.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { fetchJson } from '../support/fetch-json.ts';
import { appendTo, recordsIn, writeTopic } from '../support/recovery/lived-topic.ts';
import type { WrittenRecord } from '../support/recovery/record-bytes.ts';
import { type LivedRegistry, type LivedVersion, RegistryLife } from '../support/recovery/registry-life.ts';
import { schemasCommand, schemasCommandEnds } from '../support/recovery/schemas-command.ts';
import { RegistryProcesses } from '../support/registry-processes.ts';
import { tempDir } from '../support/temp-dir.ts';
import { uniqueName } from '../support/unique-name.ts';
import { eventually } from '../support/worker-process.ts';
import { highestIdIn } from './killed-recovery.ts';

interface Report {
  readonly sections: readonly { readonly findings: readonly { readonly name: string; readonly severity: string }[] }[];
}

export interface Found {
  readonly code: number | null;
  /** Errors and warnings. */
  readonly names: readonly string[];
  readonly notes: readonly string[];
}

export interface Served {
  readonly versions: readonly Pick<LivedVersion, 'id' | 'schema'>[];
}

/** Karapace does not leave its group when it is stopped: it is waited for. */
const KARAPACE_FLAGS = ['--session-timeout-ms', '6000', '--primary-wait-ms', '500'];

/**
 * A node that runs on a topic as its vendor's registry has written it: schemas of each type that refer to others, one that is soft-deleted,
 * and one that was purged and had the highest id.
 */
export class HurtRegistry {
  readonly registry: RegistryProcesses;
  readonly dir = tempDir('damages');
  private readonly servers: string;
  private readonly life: RegistryLife;

  private constructor(registry: RegistryProcesses, servers: string, life: RegistryLife) {
    this.registry = registry;
    this.servers = servers;
    this.life = life;
  }

  static async start(bootstrapServers: string, vendor: RegistryVendor): Promise<HurtRegistry> {
    const life = livedBy(vendor);
    const topic = uniqueName('_schemas');
    const broker = createKafkaBroker({ bootstrapServers, logger: silentLogger, clock: systemClock });
    await writeTopic(broker, topic, life.end().log);
    await broker.close();
    const flags = vendor === 'karapace' ? KARAPACE_FLAGS : [];
    const registry = await RegistryProcesses.start({ bootstrapServers, vendor, nodes: 1, topic, flags });
    const hurt = new HurtRegistry(registry, bootstrapServers, life);
    await hurt.command(0, ['backup', ...hurt.at, '--to', hurt.backups]);
    return hurt;
  }

  get backups(): string {
    return join(this.dir, 'backups');
  }

  get at(): readonly string[] {
    const { topic, groupId } = this.registry;
    return ['--bootstrap-servers', this.servers, '--topic', topic, '--group-id', groupId, '--other-group-ok', '*'];
  }

  get nodes(): readonly string[] {
    return ['--registry', this.registry.url(0)];
  }

  command(codes: number | readonly number[], args: readonly string[]): ReturnType<typeof schemasCommandEnds> {
    return schemasCommandEnds(codes, args, { cwd: this.dir });
  }

  /** With the log as it is now. */
  async lived(): Promise<LivedRegistry> {
    return { ...this.life.end(), log: await recordsIn(this.registry.broker, this.registry.topic) };
  }

  highestId(): Promise<number> {
    return highestIdIn(this.registry.broker, this.registry.topic);
  }

  /** As a tool would; no broker takes a record without a key while the topic is compacted. */
  async produce(records: readonly WrittenRecord[]): Promise<void> {
    const { broker, topic } = this.registry;
    const admin = broker.admin({ settings: {}, logger: silentLogger });
    if (records.some(({ key }) => key === null)) await admin.alterTopicConfigs(topic, { 'cleanup.policy': 'delete' });
    await appendTo(broker, topic, records);
    await admin.alterTopicConfigs(topic, { 'cleanup.policy': 'compact' });
    await admin.close();
  }

  async offsetsOf(records: readonly WrittenRecord[]): Promise<readonly number[]> {
    const keys = records.map(({ key }) => Buffer.from(key ?? []).toString());
    const log = await recordsIn(this.registry.broker, this.registry.topic);
    return log.filter(({ key }) => keys.includes(Buffer.from(key ?? []).toString())).map(({ offset }) => offset);
  }

  /** What `verify` finds in the topic, compared with what is told. */
  async findings(comparedWith: readonly string[] = []): Promise<Found> {
    const { code, stdout, stderr } = await schemasCommand(['verify', 'topic', ...comparedWith, ...this.at, '--json']);
    if (code !== 0 && code !== 4) throw new Error(`verify ended with ${code}: ${stdout}\n${stderr}`);
    const { sections } = JSON.parse(stdout) as Report;
    const all = sections.flatMap(({ findings }) => findings);
    const named = (isNote: boolean): readonly string[] =>
      all.filter(({ severity }) => (severity === 'note') === isNote).map(({ name }) => name);
    return { code, names: named(false), notes: named(true) };
  }

  /** Resolves when the group is empty. */
  async stopNodes(): Promise<void> {
    await this.registry.signal(0, 'SIGTERM');
    await eventually('an empty group', async () => (await this.registry.describeGroup()).members.length === 0, 60_000);
  }

  /** Under a node that runs nothing is written. */
  async expectRefused(args: readonly string[]): Promise<void> {
    const refused = await schemasCommand(args, { cwd: this.dir });
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/member/);
  }

  /**
   * A node that starts on the topic serves every id with its text, `verify` finds no error in the topic and none at the node, and the next
   * schema gets an id above all that were ever given out.
   */
  async expectMended({ versions }: Served, highest: number): Promise<void> {
    expect((await this.findings()).code).toBe(0);
    await this.registry.startNode(0);
    for (const { id, schema } of versions) {
      const { status, body } = await fetchJson(`${this.registry.url(0)}/schemas/ids/${id}`);
      expect({ id, status, schema: body.schema }).toEqual({ id, status: 200, schema });
    }
    await this.registry.writable();
    await this.expectNextIdAbove(highest);
    expect(await this.findings(this.nodes)).toMatchObject({ code: 0 });
  }

  async expectNextIdAbove(highest: number): Promise<void> {
    const next = await this.registry.register(0, 'next-value', '{"type":"fixed","name":"Next","size":3}', 10_000);
    expect(typeof next, JSON.stringify(next)).toBe('number');
    expect(next).toBeGreaterThan(highest);
  }
}

/** Runs with one of its own. */
export async function withHurtRegistry(
  bootstrapServers: string,
  vendor: RegistryVendor,
  run: (hurt: HurtRegistry) => Promise<void>,
): Promise<void> {
  const hurt = await HurtRegistry.start(bootstrapServers, vendor);
  try {
    await run(hurt);
  } finally {
    await hurt.registry.stop();
  }
}

function livedBy(vendor: RegistryVendor): RegistryLife {
  const life = new RegistryLife({ vendor });
  life.noop();
  life.setConfig(null, { compatibilityLevel: 'NONE' });
  const first: (LivedVersion | undefined)[] = [];
  for (let number = 0; number < 8; number++) {
    // Each of the second four refers to one of its type among the first four.
    const referred = number >= 4 ? first[number - 4] : undefined;
    first.push(life.register(`subject-${number}-value`, number, referred === undefined ? {} : { referred }));
  }
  const deleted = life.register('deleted-value', 8);
  if (deleted !== undefined) life.softDelete(deleted);
  const purged = life.register('purged-value', 12);
  const softDeleted = purged && life.softDelete(purged);
  if (softDeleted !== undefined) life.hardDelete(softDeleted);
  return life;
}
