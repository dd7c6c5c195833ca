import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type DrillFigures, drillMetrics, writeMetricsFile } from '../../../../src/recovery/drill/drill-metrics.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const good: DrillFigures = {
  succeeded: true,
  endedAt: 90_000,
  durationMs: 1500,
  records: 12,
  subjects: 3,
  backupTakenAt: 60_000,
};

const valueIn = (text: string, name: string): string | undefined =>
  text
    .split('\n')
    .find((line) => line.startsWith(`holdfast_schemas_drill_${name} `))
    ?.split(' ')[1];

it('tells seconds and numbers, each with its help and type', () => {
  const text = drillMetrics(good, undefined);
  expect(valueIn(text, 'last_success_timestamp_seconds')).toBe('90');
  expect(valueIn(text, 'duration_seconds')).toBe('1.5');
  expect(valueIn(text, 'records')).toBe('12');
  expect(valueIn(text, 'backup_timestamp_seconds')).toBe('60');
  expect(text.match(/^# TYPE .* gauge$/gm)).toHaveLength(7);
  expect(text.endsWith('\n')).toBe(true);
});

it('keeps the time of the last success through failures', async () => {
  const path = join(tempDir('metrics'), 'drill.prom');
  await writeMetricsFile(path, good);
  await writeMetricsFile(path, { ...good, succeeded: false, endedAt: 120_000 });
  const text = readFileSync(path, 'utf8');
  expect(valueIn(text, 'last_success_timestamp_seconds')).toBe('90');
  expect(valueIn(text, 'last_run_timestamp_seconds')).toBe('120');
  expect(valueIn(text, 'success')).toBe('0');
  expect(readdirSync(join(path, '..'))).toEqual(['drill.prom']);
});

it('tells no success where there was none', () => {
  expect(
    valueIn(drillMetrics({ ...good, succeeded: false }, undefined), 'last_success_timestamp_seconds'),
  ).toBeUndefined();
});

it('tells no time of a backup that could not be opened: nobody took it in 1970', () => {
  const text = drillMetrics({ ...good, succeeded: false, backupTakenAt: undefined }, undefined);
  expect(text).not.toContain('backup_timestamp');
  expect(valueIn(text, 'success')).toBe('0');
});
