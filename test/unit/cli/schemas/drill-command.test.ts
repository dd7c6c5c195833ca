import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type DrillOptions, drill } from '../../../../src/cli/schemas/drill-command.ts';
import { list } from '../../../../src/cli/schemas/list-command.ts';
import { EXIT_FINDINGS } from '../../../../src/cli/schemas/run-schemas.ts';
import { SnapshotWriter } from '../../../../src/recovery/backup/snapshot-writer.ts';
import { asLog, confluent } from '../../../support/recovery/record-bytes.ts';
import { RecordedSession, type RecordedSessionOptions } from '../../../support/recovery/recorded-session.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { RestoreWorld } from '../../../support/recovery/restore-world.ts';
import { tempDir } from '../../../support/temp-dir.ts';

let dir: string;
let backup: string;
let registry: RegistryInMemory;

beforeEach(async () => {
  dir = tempDir('drill');
  backup = join(dir, 'backup');
  registry = new RegistryInMemory();
  const writer = await SnapshotWriter.create({ folder: backup });
  await writer.append(
    asLog([
      confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"int"' }),
      confluent.schema({ subject: 'gone', version: 1, id: 2, schema: '"string"' }),
      confluent.gone('gone', 1),
    ]),
  );
  const written = await writer.finish({ source: 'topic', takenAt: 0, topic: undefined });
  await written.close();
});

async function drilled(
  place: string,
  metricsFile?: string,
  { progress, broker, ...more }: Pick<RecordedSessionOptions, 'progress' | 'broker'> & Partial<DrillOptions> = {},
) {
  const session = new RecordedSession({ registry, ...(progress && { progress }), ...(broker && { broker }) });
  const options = {
    ...{ ...session.options, into: 'registry' },
    ...{ ...(metricsFile === undefined ? {} : { metricsFile }), ...more },
  };
  try {
    return { ended: await drill(session, place, options).catch((error: unknown) => error), session };
  } finally {
    await session.close();
  }
}

const what = (): string =>
  `${backup}, taken 1970-01-01T00:00:00.000Z: 3 records, 2 subjects (deleted ones too), restored into http://one:8081`;

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
    expect(session.json).toMatchObject({ equal: true, records: 3, subjects: 2, differences: [], leftOvers: [] });
  });

  it('that finds a difference says which, also where its figures can not be written', async () => {
    listAnotherSchema();
    const { ended, session } = await drilled(backup, backup);
    expect(ended).toBe(EXIT_FINDINGS);
    expect(session.said).toEqual([
      `drill FAILED: ${what()}, 1 difference`,
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

  it('counts records and subjects as list does, and as its figures do', async () => {
    const metricsFile = join(dir, 'drill.prom');
    const { session } = await drilled(backup, metricsFile);
    const listing = new RecordedSession({});
    await list(listing, backup, false);
    const [listed] = (listing.json as { readonly backups: readonly Record<string, unknown>[] }).backups;
    expect(listed).toMatchObject({ records: 3, subjects: 2 });
    expect(session.json).toMatchObject({ records: listed?.['records'], subjects: listed?.['subjects'] });
    const figures = await readFile(metricsFile, 'utf8');
    expect(figures).toMatch(/^holdfast_schemas_drill_records 3$/m);
    expect(figures).toMatch(/^holdfast_schemas_drill_subjects 2$/m);
  });

  it.each(['registry', 'scratch-topic'])('into %s shows all that it does, each to its end', async (into) => {
    const shown = new Map<string, string>();
    const turns: string[] = [];
    const report = (what: string, done: number, total?: number): void => {
      if (turns.at(-1) !== what) turns.push(what);
      shown.set(what.replace(/holdfast-drill-\S+z-[0-9a-f]+/, 'TOPIC'), `${done}/${total ?? done}`);
    };
    const world = await RestoreWorld.embedded();
    const progress = { report, clear: () => {} };
    const { ended, session } = await drilled(backup, undefined, { progress, broker: world.broker, into });
    expect([session.text, ended]).toEqual([expect.stringContaining('drill OK'), 0]);
    // Nothing is shown in turns with something else.
    if (into === 'scratch-topic') expect(turns).toEqual([...new Set(turns)]);
    for (const [what, figures] of shown) expect(`${what} ${figures}`).toMatch(/ (\d+)\/\1$/);
    expect([...shown.keys()].filter((what) => !what.startsWith('Reading '))).toEqual(
      into === 'registry'
        ? [
            ...['Checking the backup', 'Planning', 'Restoring into http://one:8081'],
            ...['Comparing with http://one:8081', 'Taking it away from http://one:8081'],
          ]
        : ['Checking the backup', 'Planning', 'TOPIC: writing', 'TOPIC: reading back', 'Comparing the backup'],
    );
  });

  it('says nothing at all with --silent-if-equal, and all of it where something differs', async () => {
    const silent = { silentIfEqual: true };
    const good = await drilled(backup, undefined, silent);
    expect([good.ended, good.session.said, good.session.json]).toEqual([0, [], undefined]);
    listAnotherSchema();
    const bad = await drilled(backup, undefined, silent);
    expect(bad.ended).toBe(EXIT_FINDINGS);
    expect(bad.session.text).toContain('drill FAILED');
  });

  it('is refused for what it was not told before it reads the backup', async () => {
    const nowhere = join(dir, 'nowhere');
    const wrong = await drilled(nowhere, undefined, { into: 'topic' });
    expect(wrong.ended).toMatchObject({ code: 'holdfast.cli.usage' });
  });
});
