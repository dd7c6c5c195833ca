import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const created = new Set<string>();

process.on('exit', () => {
  if (process.env['HOLDFAST_TEST_KEEP'] !== undefined) return;
  for (const dir of created) rmSync(dir, { recursive: true, force: true });
});

/** A new empty folder, removed when this process ends; `HOLDFAST_TEST_KEEP=1` keeps it for a look. */
export function tempDir(label = 'test'): string {
  const dir = mkdtempSync(join(tmpdir(), `holdfast-${label}-`));
  created.add(dir);
  return dir;
}
