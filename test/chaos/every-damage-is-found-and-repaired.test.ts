import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { expect, it } from 'vitest';
import { silentLogger } from '../../src/foundation/logger.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { fetchJson } from '../support/fetch-json.ts';
import { DAMAGES } from '../support/recovery/damages.ts';
import { appendTo, recordsIn } from '../support/recovery/lived-topic.ts';
import { confluent, type WrittenRecord } from '../support/recovery/record-bytes.ts';
import type { LivedRegistry, LivedVersion } from '../support/recovery/registry-life.ts';
import { referenceName, schemaText, typeOf } from '../support/recovery/schema-texts.ts';
import { schemasCommand, schemasCommandEnds } from '../support/recovery/schemas-command.ts';
import { RegistryProcesses } from '../support/registry-processes.ts';
import { tempDir } from '../support/temp-dir.ts';

interface Report {
  readonly sections: readonly { readonly findings: readonly { readonly name: string; readonly severity: string }[] }[];
}

/** A registry that runs over a real Kafka, with some schemas that were registered at it, a backup of it, and commands at its topic. */
class HurtRegistry {
  readonly registry: RegistryProcesses;
  readonly dir = tempDir('damages');
  private readonly servers: string;

  private constructor(registry: RegistryProcesses, servers: string) {
    this.registry = registry;
    this.servers = servers;
  }

  static async start(bootstrapServers: string): Promise<HurtRegistry> {
    const registry = await RegistryProcesses.start({ bootstrapServers, vendor: 'confluent', nodes: 1 });
    const hurt = new HurtRegistry(registry, bootstrapServers);
    for (let number = 0; number < 8; number++) {
      // Each of the second four refers to one of its type among the first four.
      const referred = number >= 4 ? number - 4 : undefined;
      const references =
        referred === undefined
          ? []
          : [{ name: referenceName(referred), subject: `subject-${referred}-value`, version: 1 }];
      const { status, body } = await fetchJson(`${registry.url(0)}/subjects/subject-${number}-value/versions`, {
        body: { schema: schemaText(number, referred), schemaType: typeOf(number), references },
      });
      if (status !== 200) throw new Error(`schema ${number}: ${status} ${JSON.stringify(body)}`);
    }
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

  command(codes: number | readonly number[], args: readonly string[]): ReturnType<typeof schemasCommandEnds> {
    return schemasCommandEnds(codes, args, { cwd: this.dir });
  }

  async lived(): Promise<LivedRegistry> {
    const log = await recordsIn(this.registry.broker, this.registry.topic);
    const versions: LivedVersion[] = [];
    for (const { key, value } of log) {
      const { keytype } = JSON.parse(Buffer.from(key ?? []).toString()) as { keytype: string };
      if (keytype !== 'SCHEMA' || value === null) continue;
      const json = JSON.parse(Buffer.from(value).toString()) as LivedVersion;
      versions.push({ ...json, schemaType: json.schemaType ?? 'AVRO', references: json.references ?? [], number: -1 });
    }
    return { vendor: 'confluent', log, versions, configs: new Map(), modes: new Map(), maxIds: new Map() };
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

  /** Names of what `verify` finds, errors and warnings; `node`: compared with what the registry tells. */
  async findings(node = false): Promise<{ readonly code: number | null; readonly names: readonly string[] }> {
    const told = node ? ['--registry', this.registry.url(0)] : [];
    const { code, stdout, stderr } = await schemasCommand(['verify', 'topic', ...this.at, ...told, '--json']);
    if (code !== 0 && code !== 4) throw new Error(`verify ended with ${code}: ${stdout}\n${stderr}`);
    const { sections } = JSON.parse(stdout) as Report;
    const names = sections.flatMap(({ findings }) => findings.filter(({ severity }) => severity !== 'note'));
    return { code, names: names.map(({ name }) => name) };
  }

  async stopNodes(): Promise<void> {
    await this.registry.signal(0, 'SIGTERM');
  }

  /** A node that starts on the topic serves every id with its text. */
  async expectServed({ versions }: LivedRegistry): Promise<void> {
    await this.registry.startNode(0);
    for (const { id, schema } of versions) {
      const { status, body } = await fetchJson(`${this.registry.url(0)}/schemas/ids/${id}`);
      expect({ id, status, schema: body.schema }).toEqual({ id, status: 200, schema });
    }
    await this.registry.writable();
  }
}

describeWithKafka('every damage of a running registry over a real Kafka', (kafka) => {
  async function withRegistry(run: (hurt: HurtRegistry) => Promise<void>): Promise<void> {
    const hurt = await HurtRegistry.start(kafka().bootstrapServers);
    try {
      await run(hurt);
    } finally {
      await hurt.registry.stop();
    }
  }

  it.each(DAMAGES)('$what is found as $finding, and mended', ({ inject, finding, repair, dropsOffsets }) =>
    withRegistry(async (hurt) => {
      const lived = await hurt.lived();
      // A primary of Confluent's that runs takes a second schema with an id back: it came while none did.
      const isStopped = finding === 'duplicate-id';
      if (isStopped) await hurt.stopNodes();
      const injected = inject(lived) ?? [];
      await hurt.produce(injected);
      const found = await hurt.findings();
      expect(found.names).toContain(finding);
      const isError = finding !== 'empty-delete';
      expect(found.code).toBe(isError ? 4 : 0);
      const mending = [
        'repair',
        ...repair,
        ...(repair[0] === 'corrupt-records' ? ['--backup', hurt.backups] : []),
        ...(dropsOffsets ? (await hurt.offsetsOf(injected)).flatMap((offset) => ['--drop-offset', `${offset}`]) : []),
        ...hurt.at,
        '--yes',
      ];
      if (!isStopped) {
        // Under a node that runs nothing is written.
        const refused = await schemasCommand(mending, { cwd: hurt.dir });
        expect(refused.code).not.toBe(0);
        expect(refused.stderr).toMatch(/member/);
        await hurt.stopNodes();
      }
      await hurt.command(0, mending);
      const mended = await hurt.findings();
      expect(mended.names).not.toContain(finding);
      expect(mended.code).toBe(0);
      await hurt.expectServed(lived);
      expect((await hurt.findings(true)).names).not.toContain('other-content-at-node');
    }),
  );

  it('the marker of a transaction at the end is found, and a NOOP comes behind it', () =>
    withRegistry(async (hurt) => {
      const lived = await hurt.lived();
      const { topic } = hurt.registry;
      await hurt.stopNodes();
      const client = new Kafka({ brokers: [kafka().bootstrapServers], logLevel: logLevel.NOTHING });
      const producer = client.producer({ transactionalId: `tool-${topic}`, maxInFlightRequests: 1, idempotent: true });
      await producer.connect();
      const transaction = await producer.transaction();
      const { key, value } = confluent.config(null, { compatibilityLevel: 'FULL' });
      await transaction.send({ topic, messages: [{ key: Buffer.from(key ?? []), value: Buffer.from(value ?? []) }] });
      await transaction.commit();
      await producer.disconnect();
      const found = await hurt.findings();
      expect(found.names).toContain('transaction-marker-at-end');
      await hurt.command(0, ['restore', hurt.backups, '--into', 'in-place', ...hurt.at, '--yes']);
      expect((await hurt.findings()).names).not.toContain('transaction-marker-at-end');
      await hurt.expectServed(lived);
    }));

  it('a topic that deletes is found, and all that it has lost comes back from the backup', () =>
    withRegistry(async (hurt) => {
      const lived = await hurt.lived();
      const { broker, topic } = hurt.registry;
      const admin = broker.admin({ settings: {}, logger: silentLogger });
      await admin.alterTopicConfigs(topic, { 'cleanup.policy': 'delete' });
      await admin.deleteRecords([{ topic, partition: 0, offset: 4 }]);
      const found = await hurt.findings(true);
      expect(found.code).toBe(4);
      const named = ['topic-deletes', 'log-start-moved', 'only-at-node', 'dangling-reference'];
      expect(found.names).toEqual(expect.arrayContaining(named));
      await admin.alterTopicConfigs(topic, { 'cleanup.policy': 'compact' });
      await admin.close();
      await hurt.stopNodes();
      await hurt.command(0, ['restore', hurt.backups, '--into', 'in-place', ...hurt.at, '--yes']);
      expect((await hurt.findings()).names).not.toContain('dangling-reference');
      await hurt.expectServed(lived);
    }));
});
