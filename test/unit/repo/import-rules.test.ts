import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A small tree with our rules, and what the checker says of it. */
function check(files: Record<string, string>): { status: number | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-import-rules-'));
  folders.push(folder);
  for (const name of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json']) {
    copyFileSync(join(root, name), join(folder, name));
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
  const tree = {
    'src/foundation/clock.ts': 'export const clock = 1;\n',
    'src/sdk/index.ts': 'export const sdk = 1;\n',
    ...files,
  };
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts/check-imports.mjs'), folder], {
    encoding: 'utf8',
  });
  return { status, output: `${stdout}${stderr}` };
}

const importing = (specifier: string): string => `import * as it from '${specifier}';\nexport const used = it;\n`;

describe('the import rules', () => {
  it('let the edges of the table pass', () => {
    const { status, output } = check({
      'src/sdk/record.ts': importing('../foundation/clock.ts'),
      'src/registry/client.ts': importing('../sdk/index.ts'),
      'src/converters/avro.ts': importing('../registry/client.ts'),
      'src/cli/main.ts': importing('../converters/avro.ts'),
      'connectors/file/index.ts': importing('holdfast/sdk'),
      'test/unit/any.test.ts': importing('../../src/cli/main.ts'),
    });
    expect(output).toContain('7 modules of src and connectors seen');
    expect(status).toBe(0);
  });

  const broken: [rule: string, path: string, specifier: string][] = [
    ['foundation-imports-only-its-row', 'src/foundation/bad.ts', '../sdk/index.ts'],
    ['sdk-imports-only-its-row', 'src/sdk/bad.ts', '../registry/client.ts'],
    ['broker-imports-only-its-row', 'src/broker/bad.ts', '../storage/store.ts'],
    ['transforms-imports-only-its-row', 'src/transforms/bad.ts', '../runtime/worker.ts'],
    ['registry-imports-only-its-row', 'src/registry/bad.ts', '../broker/ports.ts'],
    ['converters-imports-only-its-row', 'src/converters/bad.ts', '../runtime/worker.ts'],
    ['embedded-registry-imports-only-its-row', 'src/embedded-registry/bad.ts', '../storage/store.ts'],
    ['recovery-imports-only-its-row', 'src/recovery/bad.ts', '../storage/store.ts'],
    ['storage-imports-only-its-row', 'src/storage/bad.ts', '../runtime/worker.ts'],
    ['runtime-imports-only-its-row', 'src/runtime/bad.ts', '../registry/client.ts'],
    ['rest-imports-only-its-row', 'src/rest/bad.ts', '../broker/ports.ts'],
    ['console-imports-only-its-row', 'src/console/bad.ts', '../foundation/clock.ts'],
    ['connectors-import-only-the-sdk', 'connectors/file/bad.ts', '../../src/foundation/clock.ts'],
    ['connectors-import-only-the-sdk', 'connectors/file/worse.ts', '../datagen/index.ts'],
    ['composition-roots-stay-clear-of-console-and-testing', 'src/cli/bad.ts', '../testing/index.ts'],
    ['composition-roots-stay-clear-of-console-and-testing', 'src/index.ts', './testing/index.ts'],
    ['testing-stays-clear-of-console-and-cli', 'src/testing/bad.ts', '../cli/main.ts'],
    ['sdk-has-no-packages', 'src/sdk/worse.ts', 'pino'],
    ['no-development-packages-in-what-ships', 'src/rest/worse.ts', 'fast-check'],
    ['no-unresolvable', 'src/rest/worst.ts', './nowhere.ts'],
  ];
  let report: ReturnType<typeof check>;
  beforeAll(() => {
    report = check({
      'src/registry/client.ts': 'export const client = 1;\n',
      'src/broker/ports.ts': 'export const ports = 1;\n',
      'src/storage/store.ts': 'export const store = 1;\n',
      'src/runtime/worker.ts': 'export const worker = 1;\n',
      'src/testing/index.ts': 'export const testing = 1;\n',
      'src/cli/main.ts': 'export const main = 1;\n',
      'connectors/datagen/index.ts': 'export const datagen = 1;\n',
      ...Object.fromEntries(broken.map(([, path, specifier]) => [path, importing(specifier)])),
    });
  });

  it.each(broken)('%s: %s may not import %s', (rule, path) => {
    expect(report.output).toContain(`${rule}: ${path} -> `);
  });

  it('fail the check', () => {
    expect(report.status).toBe(1);
  });

  it('refuse a cycle of values, and let one of types pass', () => {
    const values = check({ 'src/sdk/a.ts': importing('./b.ts'), 'src/sdk/b.ts': importing('./a.ts') });
    expect(values.output).toContain('no-circular');
    expect(values.status).toBe(1);
    const types = check({
      'src/sdk/a.ts': "import type { B } from './b.ts';\nexport interface A { b: B }\n",
      'src/sdk/b.ts': "import type { A } from './a.ts';\nexport interface B { a: A }\n",
    });
    expect(types.status, types.output).toBe(0);
  });

  it('refuse a folder that has no row', () => {
    const { status, output } = check({ 'src/utils/strings.ts': 'export const pad = 1;\n' });
    expect(output).toContain('src/utils has no row');
    expect(status).toBe(1);
  });
});
