/** The connector SchemaBackup in a worker, on a real Kafka: every change gets a backup, over restarts, and old ones go. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openBackup } from '../../../src/recovery/backup/backup-folder.ts';
import { EmbeddedConnect } from '../../../src/testing/embedded-connect.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import { appendTo, writeTopic } from '../../support/recovery/lived-topic.ts';
import { recordsOf } from '../../support/recovery/memory-snapshot.ts';
import { bytesOf, confluent, schemaKey } from '../../support/recovery/record-bytes.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { readTopic, withBroker } from '../../support/topic-content.ts';
import { uniqueName } from '../../support/unique-name.ts';

interface Report {
  readonly endOffset: number;
  readonly newRecords: number;
  readonly verified: boolean;
  readonly place: string;
}

const schema = (id: number) =>
  confluent.schema({ subject: `s${id}`, version: 1, id, schema: `{"type":"fixed","name":"F${id}","size":1}` });

const backupsIn = (folder: string): readonly string[] => readdirSync(folder).filter((name) => /^\d{8}T/.test(name));

async function reportsIn(dir: string): Promise<readonly Report[]> {
  const [records = []] = await withBroker(`embedded:${join(dir, 'broker')}`, (broker) => readTopic(broker, 'reports'));
  return records.map(({ value }) => JSON.parse(Buffer.from(value ?? []).toString()) as Report);
}

describeWithKafka('backups of a registry', (kafka) => {
  it('follow every change while a worker runs, go on after its restart, and leave no more than they should', async () => {
    const { bootstrapServers } = kafka();
    const [dir, folder] = [tempDir('backup-worker'), join(tempDir('backups'), 'schemas')];
    const topic = uniqueName('schemas');
    const config = {
      'connector.class': 'SchemaBackup',
      topic: 'reports',
      'source.bootstrap.servers': bootstrapServers,
      'schemas.topic': topic,
      targets: folder,
      keep: 'last=2',
      'backup.interval.ms': '1000',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter.schemas.enable': 'false',
    };
    const run = async (upTo: number): Promise<void> => {
      const connect = await EmbeddedConnect.start({ dir });
      try {
        await connect.create('backup', config);
        for (let end = upTo - 1; end <= upTo; end++) {
          await withBroker(bootstrapServers, (broker) => appendTo(broker, topic, [schema(end)]));
          // Committed only when the report of that backup was acknowledged.
          await connect.waitFor(`a report of a backup up to ${end}`, async () => {
            const { body } = await connect.request('GET', '/connectors/backup/offsets');
            const { offsets } = body as { offsets: readonly { readonly offset: { readonly endOffset: number } }[] };
            return offsets[0]?.offset.endOffset === end;
          });
        }
      } finally {
        await connect.stop();
      }
    };

    await withBroker(bootstrapServers, (broker) => writeTopic(broker, topic, []));
    await run(2);
    await run(4);

    expect(backupsIn(folder)).toHaveLength(2);
    const backup = await openBackup(folder);
    expect((await recordsOf(backup)).map(({ key }) => Buffer.from(key ?? []).toString())).toEqual(
      [1, 2, 3, 4].map((id) => Buffer.from(bytesOf(schemaKey(`s${id}`, 1))).toString()),
    );
    await backup.check(new AbortController().signal);
    const reports = await reportsIn(dir);
    expect(reports.every(({ verified }) => verified)).toBe(true);
    // Each record was new once, whatever was backed up again because a restart came between.
    expect(reports.filter(({ newRecords }) => newRecords > 0).at(-1)).toMatchObject({ endOffset: 4 });
    expect(reports.reduce((sum, { newRecords }) => sum + newRecords, 0)).toBe(4);
    expect(reports.at(-1)?.place).toBe(backup.folder);
  }, 60_000);
});
