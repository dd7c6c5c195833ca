/** Damages that no bad record makes: markers, lost records, ids from elsewhere, settings, a disk (specs/registry.md, chapter 5). */
import { join } from 'node:path';
import { Kafka as KafkaJs, logLevel } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import type { Admin } from '../../src/broker/ports.ts';
import type { RegistryVendor } from '../../src/embedded-registry/vendor-profile.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { corruptBatch } from '../support/corrupt-batch.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { fetchJson } from '../support/fetch-json.ts';
import { recordsIn } from '../support/recovery/lived-topic.ts';
import { confluent, karapace } from '../support/recovery/record-bytes.ts';
import { eventually } from '../support/worker-process.ts';
import { type HurtRegistry, withHurtRegistry } from './hurt-registry.ts';
import { chaosKafka } from './primary-changes-with-processes/chaos-kafka.ts';

const WRITERS = { confluent, karapace };
const VENDORS: readonly RegistryVendor[] = ['confluent', 'karapace'];

async function withAdmin<T>({ registry }: HurtRegistry, run: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = registry.broker.admin({ settings: {}, logger: silentLogger });
  try {
    return await run(admin);
  } finally {
    await admin.close();
  }
}

describeWithKafka('every damage of the topic of a registry that runs over a real Kafka', (kafka) => {
  const tool = (): KafkaJs => new KafkaJs({ brokers: [kafka().bootstrapServers], logLevel: logLevel.NOTHING });

  describe.each(VENDORS)('in the format and with a node of %s', (vendor) => {
    const withRegistry = (run: (hurt: HurtRegistry) => Promise<void>): Promise<void> =>
      withHurtRegistry(kafka().bootstrapServers, vendor, run);
    const writer = WRITERS[vendor];
    const inPlace = ({ backups, at }: HurtRegistry): readonly string[] => [
      ...['restore', backups, '--into', 'in-place'],
      ...at,
      '--yes',
    ];

    it('the marker of a transaction at the end is found, and a NOOP comes behind it', () =>
      withRegistry(async (hurt) => {
        const lived = await hurt.lived();
        const { topic } = hurt.registry;
        await hurt.stopNodes();
        const producer = tool().producer({
          transactionalId: `tool-${topic}`,
          maxInFlightRequests: 1,
          idempotent: true,
        });
        await producer.connect();
        const transaction = await producer.transaction();
        const { key, value } = writer.config(null, { compatibilityLevel: 'FULL' });
        await transaction.send({ topic, messages: [{ key: Buffer.from(key ?? []), value: Buffer.from(value ?? []) }] });
        await transaction.commit();
        await producer.disconnect();
        const highest = await hurt.highestId();
        const found = await hurt.findings();
        expect(found.names).toContain('transaction-marker-at-end');
        expect(found.code).toBe(4);
        await hurt.command(0, inPlace(hurt));
        expect((await hurt.findings()).names).not.toContain('transaction-marker-at-end');
        await hurt.expectMended(lived, highest);
      }));

    it('a topic that deletes is found, and all that it has lost comes back from the backup', () =>
      withRegistry(async (hurt) => {
        const lived = await hurt.lived();
        const highest = await hurt.highestId();
        const { topic } = hurt.registry;
        await withAdmin(hurt, async (admin) => {
          await admin.alterTopicConfigs(topic, { 'cleanup.policy': 'delete' });
          await admin.deleteRecords([{ topic, partition: 0, offset: 5 }]);
          const found = await hurt.findings(hurt.nodes);
          expect(found.code).toBe(4);
          const named = ['topic-deletes', 'log-start-moved', 'only-at-node', 'dangling-reference'];
          expect(found.names).toEqual(expect.arrayContaining(named));
          await admin.alterTopicConfigs(topic, { 'cleanup.policy': 'compact' });
        });
        await hurt.expectRefused(inPlace(hurt));
        await hurt.stopNodes();
        await hurt.command(0, inPlace(hurt));
        await hurt.expectMended(lived, highest);
      }));

    it.each([
      { what: 'that others refer to', number: 0, finding: 'deleted-but-referred' },
      { what: 'that nothing refers to', number: 7, finding: 'only-in-place' },
    ])('null on the key of a schema $what is found as $finding, and the version comes back', ({ number, finding }) =>
      withRegistry(async (hurt) => {
        const lived = await hurt.lived();
        await hurt.produce([{ ...writer.gone(`subject-${number}-value`, 1), value: null }]);
        const highest = await hurt.highestId();
        const found = await hurt.findings([hurt.backups]);
        expect(found.names).toContain(finding);
        expect(found.code).toBe(4);
        await hurt.expectRefused(inPlace(hurt));
        await hurt.stopNodes();
        await hurt.command(0, inPlace(hurt));
        expect(await hurt.findings([hurt.backups])).toMatchObject({ code: 0 });
        await hurt.expectMended(lived, highest);
      }),
    );

    it('an id far above all others is taken over, and is not given out again once it is purged and restored', () =>
      withRegistry(async (hurt) => {
        const lived = await hurt.lived();
        const { registry } = hurt;
        const url = registry.url(0);
        const far = { subject: 'far-value', version: 1, id: 147_133, schema: '{"type":"fixed","name":"Far","size":4}' };
        await hurt.produce([writer.schema(far)]);
        await eventually('the id served', async () => (await fetchJson(`${url}/schemas/ids/147133`)).status === 200);
        expect(await hurt.findings(hurt.nodes)).toMatchObject({ code: 0 });
        expect(await registry.register(0, 'next-value', '{"type":"fixed","name":"After","size":5}')).toBe(147_134);
        for (const subject of ['next-value', 'far-value']) {
          for (const query of ['', '?permanent=true']) {
            const { status } = await fetchJson(`${url}/subjects/${subject}${query}`, { method: 'DELETE' });
            expect(status).toBe(200);
          }
        }
        await hurt.stopNodes();
        await hurt.command(0, ['backup', ...hurt.at, '--to', hurt.backups]);
        await withAdmin(hurt, async (admin) => {
          await admin.deleteTopics([registry.topic]);
          await eventually('the topic gone', async () => !(await admin.listTopics()).includes(registry.topic));
        });
        await hurt.command(0, ['restore', hurt.backups, '--into', 'new-topic', ...hurt.at, '--yes']);
        await hurt.expectMended(lived, 147_134);
      }));

    it('a second partition is found, and the topic is made anew with one from what the registry tells', () =>
      withRegistry(async (hurt) => {
        const lived = await hurt.lived();
        const { topic } = hurt.registry;
        const admin = tool().admin();
        await admin.connect();
        await admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] });
        await admin.disconnect();
        const producer = tool().producer();
        await producer.connect();
        await eventually('a record in the second partition', async () => {
          const messages = [{ key: 'a', value: 'b', partition: 1 }];
          return producer.send({ topic, messages }).then(
            () => true,
            () => false,
          );
        });
        await producer.disconnect();
        const highest = await hurt.highestId();
        const found = await hurt.findings(hurt.nodes);
        expect(found.names).toContain('several-partitions');
        expect(found.code).toBe(4);
        const mending = ['repair', 'cannot-write', ...hurt.nodes, '--backup', join(hurt.dir, 'safe'), ...hurt.at];
        await hurt.command(0, mending);
        await hurt.stopNodes();
        await hurt.command(0, [...mending, '--prefer', 'rest', '--yes']);
        expect((await hurt.findings()).names).not.toContain('several-partitions');
        await hurt.expectMended(lived, highest);
      }));
  });
});

describeWithKafka('a batch that a disk has damaged', () => {
  const kafka = chaosKafka();

  it.each(VENDORS)('is found, left out, and what it held comes back from the backup, in the format of %s', (vendor) =>
    withHurtRegistry(kafka().bootstrapServers, vendor, async (hurt) => {
      const { registry } = hurt;
      // The one with the highest id, which no node has told to anybody since.
      const last = await registry.register(0, 'last-value', '{"type":"fixed","name":"Last","size":6}');
      const lived = await hurt.lived();
      const highest = await hurt.highestId();
      expect(last).toBe(highest);
      await hurt.command(0, ['backup', ...hurt.at, '--to', hurt.backups]);
      await hurt.stopNodes();
      const log = await recordsIn(registry.broker, registry.topic);
      const at = log.find(({ key }) => Buffer.from(key ?? []).includes('last-value'))?.offset ?? -1;
      await kafka().stop();
      await corruptBatch(join(kafka().dataDir, 'data', `${registry.topic}-0`), at);
      await kafka().restart();

      const found = await hurt.findings([hurt.backups]);
      expect(found.names).toEqual(expect.arrayContaining(['unreadable-batch', 'only-in-place']));
      expect(found.code).toBe(4);
      const safe = join(hurt.dir, 'safe');
      const { stdout } = await hurt.command(0, ['repair', 'corrupt-records', '--backup', safe, ...hurt.at, '--yes']);
      expect(stdout).toMatch(/can not be read/);
      expect((await hurt.findings()).names).not.toContain('unreadable-batch');
      await hurt.command(0, ['restore', hurt.backups, '--into', 'in-place', ...hurt.at, '--yes']);
      await hurt.expectMended(lived, highest);
      const { body } = await fetchJson(`${registry.url(0)}/schemas/ids/${last}`);
      expect(body.schema).toContain('Last');
    }),
  );
});
