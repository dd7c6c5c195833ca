import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { drill } from '../../../../src/cli/schemas/drill-command.ts';
import { EXIT_FINDINGS } from '../../../../src/cli/schemas/run-schemas.ts';
import { SnapshotWriter } from '../../../../src/recovery/backup/snapshot-writer.ts';
import { asLog, confluent } from '../../../support/recovery/record-bytes.ts';
import { RecordedSession } from '../../../support/recovery/recorded-session.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { tempDir } from '../../../support/temp-dir.ts';

let dir: string;
let backup: string;
let registry: RegistryInMemory;

beforeEach(async () => {
  dir = tempDir('drill');
  backup = join(dir, 'backup');
  registry = new RegistryInMemory();
  const writer = await SnapshotWriter.create({ folder: backup });
  await writer.append(asLog([confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"int"' })]));
  const written = await writer.finish({ source: 'topic', takenAt: 0, topic: undefined });
  await written.close();
});

async function drilled(place: string, metricsFile?: string) {
  const session = new RecordedSession({ registry });
  const options = { ...session.options, into: 'registry', ...(metricsFile === undefined ? {} : { metricsFile }) };
  try {
    return { ended: await drill(session, place, options).catch((error: unknown) => error), session };
  } finally {
    await session.close();
  }
}

const what = (): string =>
  `${backup}, taken 1970-01-01T00:00:00.000Z: 1 records, 1 subjects that a registry reads from them, restored into http://one:8081`;

/** It takes what is restored, and lists another schema. */
function listAnotherSchema(): void {
  registry.interfere = ({ method, path }) => {
    if (method !== 'GET' || !path.startsWith('/schemas?')) return undefined;
    const { status, body } = registry.registry.request('GET', path, undefined);
    return { status, body: JSON.stringify(body).replaceAll('int', 'long') };
  };
}

describe('a drill', () => {
  it('tells in one line what was restored, where to, and that it came back equal', async () => {
    const { ended, session } = await drilled(backup);
    expect(ended).toBe(0);
    expect(session.said).toHaveLength(1);
    expect(session.text.replace(/in \d+\.\d s$/, 'in S s')).toBe(`drill OK: ${what()}, read back equal in S s`);
    expect(session.json).toMatchObject({ equal: true, records: 1, subjects: 1, differences: [], leftOvers: [] });
  });

  it('that finds a difference says which, also where its figures can not be written', async () => {
    listAnotherSchema();
    const { ended, session } = await drilled(backup, backup);
    expect(ended).toBe(EXIT_FINDINGS);
    expect(session.said).toEqual([
      `drill FAILED: ${what()}, 1 differences`,
      '  a version 1 (id 1) is another schema in http://one:8081.',
      expect.stringContaining(`The figures of this drill could not be written to ${backup}: `),
    ]);
    expect(session.json).toMatchObject({ equal: false, differences: [expect.any(String)] });
  });

  it('that failed says why, also where its figures can not be written', async () => {
    await writeFile(join(dir, 'file'), '');
    const metricsFile = join(dir, 'file', 'drill.prom');
    const { ended, session } = await drilled(join(dir, 'nowhere'), metricsFile);
    expect(ended).toMatchObject({ code: 'holdfast.recovery.backup-unreadable' });
    expect(session.text).toContain(`The figures of this drill could not be written to ${metricsFile}`);
  });

  it('that went well tells so where its figures can not be written, and then that', async () => {
    const metricsFile = join(dir, 'drill.prom');
    await mkdir(metricsFile);
    const before = await readdir(dir);
    const { ended, session } = await drilled(backup, metricsFile);
    expect(ended).toMatchObject({
      code: 'holdfast.recovery.drill-metrics-unwritable',
      message: expect.stringContaining(`could not be written to ${metricsFile}: `),
    });
    expect(session.text).toContain(`drill OK: ${what()}`);
    expect(session.json).toMatchObject({ equal: true });
    expect(await readdir(dir)).toEqual(before);
  });
});
