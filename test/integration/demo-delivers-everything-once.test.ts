import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runHoldfast } from '../support/holdfast-process.ts';
import { freePort } from '../support/ports.ts';
import { tempDir } from '../support/temp-dir.ts';

interface Run {
  readonly code: number | null;
  readonly text: string;
  /** The cells of a row of the table, zipcodes and airports. */
  cells(label: string): readonly string[];
}

const cwd = tempDir('demo');
const data = join(cwd, '.holdfast', 'demo');

async function demo(...args: string[]): Promise<Run> {
  const child = await runHoldfast(['demo', '--exit', '--port', String(await freePort()), ...args], { cwd });
  const { code } = await child.waitForExit();
  const text = child.lines.join('\n');
  return {
    code,
    text,
    cells: (label) =>
      (child.lines.find((line) => line.startsWith(label)) ?? '')
        .slice(label.length)
        .trim()
        .split(/\s{2,}/),
  };
}

describe('the demo', () => {
  it('parks the newcomer while the registry has no primary, loses nothing, and exits with 0', async () => {
    const run = await demo();
    expect(run.text).toMatch(/airports: the task is parked and stays RUNNING\. It waits for: .*registry/);
    expect(run.text).toMatch(/zipcodes: [1-9][\d,]* records flowed on meanwhile/);
    expect(run.cells('records read')).toEqual(['42,049', '3,376']);
    expect(run.cells('records delivered')).toEqual(['42,049', '3,376']);
    for (const label of ['lost', 'duplicated', 'altered or foreign', 'out of order'])
      expect(run.cells(label)).toEqual(['0', '0']);
    expect(run.cells('time parked')[1]).toMatch(/^[\d.]+ s$/);
    expect(run.cells('registry usable again → first record')[1]).toMatch(/^\d+ ms$/);
    expect(run.text).toContain('The audit is clean');
    expect(run.text).toContain(join(data, 'output', 'zipcodes.jsonl'));
    expect(run.code).toBe(0);
  }, 120_000);

  it('resumes in a second run, reads nothing twice, and says so', async () => {
    const run = await demo();
    expect(run.text).toContain('An earlier run is resumed');
    expect(run.cells('records read')).toEqual(['0', '0']);
    expect(run.cells('delivered by earlier runs')).toEqual(['42,049', '3,376']);
    expect(run.code).toBe(0);
  }, 120_000);

  // What the audit claims, broken one by one in what was delivered.
  it.each([
    ['a lost row', 'lost', (lines: string[]) => lines.filter((_line, index) => index !== 7)],
    ['a row too many', 'duplicated', (lines: string[]) => [...lines.slice(0, 9), ...lines.slice(8)]],
    [
      'a changed value',
      'altered or foreign',
      (lines: string[]) => lines.map((line, index) => (index === 3 ? line.replace('"state":"', '"state":"X') : line)),
    ],
    [
      'two rows in the wrong order',
      'out of order',
      (lines: string[]) => [lines[1] ?? '', lines[0] ?? '', ...lines.slice(2)],
    ],
  ])(
    'finds %s and does not exit with 0',
    async (_what, label, damage) => {
      const output = join(data, 'output', 'airports.jsonl');
      const whole = readFileSync(output, 'utf8');
      writeFileSync(output, `${damage(whole.trimEnd().split('\n')).join('\n')}\n`);
      try {
        const run = await demo();
        expect(run.cells(label)[1]).not.toBe('0');
        expect(run.text).toContain('The audit is NOT clean');
        expect(run.code).toBe(3);
      } finally {
        writeFileSync(output, whole);
      }
    },
    120_000,
  );

  it('starts over with --fresh', async () => {
    const run = await demo('--fresh');
    expect(run.cells('records read')).toEqual(['42,049', '3,376']);
    expect(run.cells('delivered by earlier runs')).toEqual(['0', '0']);
    expect(run.code).toBe(0);
  }, 120_000);
});
