/** `holdfast schemas verify` as a process: the topic on a real Kafka, the nodes of a live registry over it, and a backup. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Finding } from '../../../src/recovery/verify/finding.ts';
import type { VerifyReport } from '../../../src/recovery/verify/verify-report.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import { fetchJson } from '../../support/fetch-json.ts';
import { appendTo } from '../../support/recovery/lived-topic.ts';
import { bytesOf, confluent, legacySchemaKey, record } from '../../support/recovery/record-bytes.ts';
import { schemasCommandEnds } from '../../support/recovery/schemas-command.ts';
import { RegistryProcesses } from '../../support/registry-processes.ts';
import { tempDir } from '../../support/temp-dir.ts';

describeWithKafka('verify', (kafka) => {
  let registry: RegistryProcesses;
  const backups = join(tempDir('verify'), 'backups');
  beforeAll(async () => {
    registry = await RegistryProcesses.start({ ...kafka(), vendor: 'confluent', nodes: 2 });
  });
  afterAll(() => registry?.stop());

  const at = (): readonly string[] => [
    ...['--bootstrap-servers', kafka().bootstrapServers, '--quiet', '--json'],
    ...['--topic', registry.topic, '--group-id', registry.groupId, '--other-group-ok', '*'],
  ];
  const verified = async (exit: number, ...args: readonly string[]): Promise<VerifyReport> => {
    const { stdout } = await schemasCommandEnds(exit, ['verify', ...args, ...at()]);
    return JSON.parse(stdout) as VerifyReport;
  };
  const bad = ({ sections }: VerifyReport): readonly Finding[] =>
    sections.flatMap(({ findings }) => findings).filter(({ severity }) => severity !== 'note');

  it('finds a live registry sound, in its topic, at both nodes and in its backup, and then what was done to it', async () => {
    const [first = ''] = registry.urls;
    const post = async (path: string, method: string, body?: object): Promise<void> => {
      const { status, body: answer } = await fetchJson(
        `${first}${path}`,
        body === undefined ? { method } : { method, body },
      );
      expect([status, answer]).toEqual([200, expect.anything()]);
    };
    const avro = (name: string) => ({ schema: JSON.stringify({ type: 'record', name, fields: [] }) });
    for (const name of ['A', 'B', 'C']) await post(`/subjects/${name}/versions`, 'POST', avro(name));
    const references = [{ name: 'A', subject: 'A', version: 1 }];
    const refers = { schema: '{"type":"array","items":"A"}', references };
    await post('/subjects/refers/versions', 'POST', refers);
    await post('/subjects/:.ctx:D/versions', 'POST', avro('D'));
    await post('/config/B', 'PUT', { compatibility: 'FULL' });
    await post('/subjects/C', 'DELETE');
    const urls = ['--registry', registry.urls.join(',')];
    await schemasCommandEnds(0, ['backup', '--to', backups, ...urls, ...at()]);

    const sound = await verified(0, 'topic', backups, ...urls);
    expect(sound.sections.map(({ title }) => title.replace(/ \(.*\)$/, ''))).toEqual([
      'topic',
      backups,
      ...registry.urls.map((url) => `${backups} beside what ${url} told when it was made`),
      `topic beside ${backups}`,
      ...registry.urls.map((url) => `topic beside what ${url} tells now`),
      registry.urls.join(' beside '),
    ]);
    // The shared Kafka has one broker.
    expect(new Set(bad(sound).map(({ name }) => name))).toEqual(new Set(['replication-factor-one']));
    await verified(4, backups, '--strict');

    // A primary that runs would roll the second schema of an id back.
    await Promise.all(registry.running.map((node) => registry.signal(node, 'SIGKILL')));
    const other = { subject: 'X', version: 1, id: 1, schema: '"bytes"' };
    await appendTo(registry.broker, registry.topic, [
      record('junk', '{}'),
      confluent.schema(other),
      { ...confluent.schema({ ...other, subject: 'Y', id: 900 }), key: bytesOf(legacySchemaKey('Y', 1)) },
    ]);
    const report = join(tempDir('report'), 'report.json');
    const damaged = await verified(4, 'topic', backups, '--report', report);
    const names = bad(damaged).map(({ name, subject }) => (subject === undefined ? name : `${name} ${subject}`));
    expect(names).toEqual(expect.arrayContaining(['key-not-json', 'duplicate-id X']));
    expect(names).toEqual(expect.arrayContaining(['missing-in-place X', 'missing-in-place Y', 'max-id-lower']));
    expect(JSON.parse(readFileSync(report, 'utf8'))).toEqual(damaged);
  });
});
