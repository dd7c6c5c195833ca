import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FilteredSnapshot } from '../../../../src/recovery/repair/filtered-snapshot.ts';
import { chooseLeftOut, type LeaveOutRules } from '../../../../src/recovery/repair/left-out.ts';
import { writeLeftOutFile } from '../../../../src/recovery/repair/left-out-file.ts';
import { inWords, MemorySnapshot, recordsOf } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent, record, schemaKey } from '../../../support/recovery/record-bytes.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const dir = tempDir('left-out');
const rules = (more: Partial<LeaveOutRules> = {}): LeaveOutRules => ({
  ...{ offsets: new Set(), deletesFrom: undefined, doubtful: false, unparsable: new Map() },
  ...more,
});
const schema = (subject: string, version: number, id: number, deleted = false) =>
  confluent.schema({ subject, version, id, schema: '"string"', deleted });

const damaged = new MemorySnapshot(
  asLog([
    schema('a', 1, 1),
    record(null, 'x'),
    record('not json', '{}'),
    record('{"keytype":"NEW","magic":0}', '{}'),
    record(schemaKey('b', 1), '{"subject":"b"'),
    record(schemaKey('c', 1), '{"subject":"other","version":1,"id":3,"schema":"\\"string\\""}'),
    confluent.noop(),
  ]),
);

it('leaves out what nobody can read, says why, and keeps what one vendor reads', async () => {
  const { reasons, summary } = await chooseLeftOut(damaged, rules());
  expect([...reasons.keys()]).toEqual([1, 2, 3, 4]);
  expect(reasons.get(3)).toContain('NEW');
  expect(summary[0]).toBe('Left out: 4 records that no registry can read.');
  expect(summary.join('\n')).toContain('offset 5: {"keytype":"SCHEMA","subject":"c"');
  const all = await chooseLeftOut(damaged, rules({ doubtful: true }));
  expect([...all.reasons.keys()]).toEqual([1, 2, 3, 4, 5]);
});

it('leaves out records chosen by offset, refuses an offset without a record, and lists schemas that do not parse', async () => {
  const { reasons } = await chooseLeftOut(
    damaged,
    rules({ offsets: new Set([6]), unparsable: new Map([[0, 'no Avro']]) }),
  );
  expect([...reasons]).toContainEqual([6, '{"keytype":"NOOP","magic":0}: chosen']);
  expect(reasons.get(0)).toContain('no Avro');
  await expect(chooseLeftOut(damaged, rules({ offsets: new Set([7]) }))).rejects.toThrow('no record at offset 7');
});

const deleted = new MemorySnapshot(
  asLog([
    schema('early', 1, 1),
    confluent.gone('early', 1),
    schema('a', 1, 2),
    schema('a', 2, 3),
    confluent.deleteSubject('a', 2),
    confluent.gone('a', 1),
    confluent.config('a', null),
    schema('a', 2, 3, true),
    // Compaction removed its earlier record: the text is nowhere else.
    schema('only', 1, 4, true),
    schema('later', 1, 5),
  ]),
);

it('leaves out deletions from an offset or a time on, but none that holds the only text of a version', async () => {
  const byOffset = await chooseLeftOut(deleted, rules({ deletesFrom: { offset: 4 } }));
  expect([...byOffset.reasons.keys()]).toEqual([4, 5, 6, 7]);
  expect(byOffset.summary.join('\n')).toContain('offset 8:');
  expect(byOffset.summary.join('\n')).toContain('holdfast schemas repair undelete');
  const time = deleted.raw[6]?.timestamp ?? 0;
  const byTime = await chooseLeftOut(deleted, rules({ deletesFrom: { time } }));
  expect([...byTime.reasons.keys()]).toEqual([6, 7]);
});

it('gives a snapshot without them that is otherwise the same', async () => {
  const without = await FilteredSnapshot.open(damaged, new Set([1, 2, 3, 4]));
  const kept = damaged.raw.filter(({ offset }) => ![1, 2, 3, 4].includes(offset));
  expect((await recordsOf(without)).map(inWords)).toEqual(kept.map(inWords));
  expect(await without.at([0, 1])).toEqual([damaged.raw[0], undefined]);
  expect(without.facts).toMatchObject({ source: 'derived', records: 3, endOffset: 7, topic: damaged.facts.topic });
  expect(without.facts.sha256).not.toBe(damaged.facts.sha256);
});

it('keeps what is left out in a file, bytes as they were', async () => {
  const path = join(dir, 'sub', 'left-out.ndjson');
  const { reasons } = await chooseLeftOut(damaged, rules());
  await writeLeftOutFile(path, damaged, reasons);
  await expect(writeLeftOutFile(`${path}/below`, damaged, reasons)).rejects.toMatchObject({
    code: 'holdfast.recovery.plan-file',
  });
  const lines = (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ offset }) => offset)).toEqual([1, 2, 3, 4]);
  expect(lines[0]).toMatchObject({ key: null, valueText: 'x', value: Buffer.from('x').toString('base64') });
  expect(lines[3].why).toContain('value');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});
