import { mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../../../src/foundation/logger.ts';
import { DirectoryConfigProvider } from '../../../../../src/runtime/config/providers/directory-config-provider.ts';
import { EnvVarConfigProvider } from '../../../../../src/runtime/config/providers/env-var-config-provider.ts';
import { FileConfigProvider } from '../../../../../src/runtime/config/providers/file-config-provider.ts';

const { signal } = new AbortController();
let dir = '';

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-providers-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function configured<T extends FileConfigProvider | DirectoryConfigProvider>(
  provider: T,
  config: Record<string, string> = {},
): { provider: T; lines: ReturnType<typeof recordingLogger>['lines'] } {
  const { logger, lines } = recordingLogger();
  provider.configure(config, { logger });
  return { provider, lines };
}

describe('FileConfigProvider', () => {
  it('reads properties by key, in Java syntax, and has them looked at again', async () => {
    const file = join(dir, 'a.properties');
    writeFileSync(file, 'user=me\npass\\ word: x\\u0041 \\\n  y\nempty=\n');
    const { provider } = configured(new FileConfigProvider());
    expect(await provider.get(file, ['pass word', 'empty', 'missing', 'toString'], signal)).toEqual({
      data: { 'pass word': 'xA y', empty: '' },
      ttlMs: 60_000,
    });
    expect((await provider.get(file, undefined, signal)).data).toEqual({ user: 'me', 'pass word': 'xA y', empty: '' });
    expect(await provider.get('', ['user'], signal)).toEqual({ data: {} });
  });

  it("fails with Kafka Connect's words for a file that can't be read", async () => {
    const { provider } = configured(new FileConfigProvider());
    await expect(provider.get('/nonexistent', ['x'], signal)).rejects.toThrow(
      /^Could not read properties from file \/nonexistent$/,
    );
  });

  it('gives up a file that does not end', async () => {
    const { provider } = configured(new FileConfigProvider());
    const failure = (await provider.get('/dev/zero', ['x'], signal).catch((error: unknown) => error)) as Error;
    expect(failure.message).toBe('Could not read properties from file /dev/zero');
    expect(String(failure.cause)).toContain('more than 16777216 bytes');
  });

  it('reads nothing outside of allowed.paths, however the path is written', async () => {
    mkdirSync(join(dir, 'in'));
    mkdirSync(join(dir, 'in-not'));
    for (const name of ['in/a', 'in-not/a', 'a']) writeFileSync(join(dir, name), 'k=v');
    const { provider, lines } = configured(new FileConfigProvider(), { 'allowed.paths': `${dir}/in/, ${dir}/in` });
    const at = async (path: string) => (await provider.get(`${dir}/${path}`, ['k'], signal)).data;
    expect(await at('in/a')).toEqual({ k: 'v' });
    expect(await at('in/../in/./a')).toEqual({ k: 'v' });
    expect(lines).toEqual([]);
    for (const path of ['a', 'in/../a', 'in-not/a']) expect(await at(path)).toEqual({});
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'warn', 'warn']);
    expect(() => configured(new FileConfigProvider(), { 'allowed.paths': 'in' })).toThrow('Path in is not absolute');
    expect(() => configured(new FileConfigProvider(), { 'allowed.paths': '/none/x' })).toThrow(
      'Path /none/x does not exist',
    );
  });

  it('takes reload.interval.ms, and 0 for never', async () => {
    const file = join(dir, 'a.properties');
    writeFileSync(file, 'k=v');
    const ttl = async (value: string) =>
      (await configured(new FileConfigProvider(), { 'reload.interval.ms': value }).provider.get(file, ['k'], signal))
        .ttlMs;
    expect(await ttl('5000')).toBe(5000);
    expect(await ttl('0')).toBeUndefined();
    await expect(ttl('5 s')).rejects.toThrow('Invalid value 5 s for configuration reload.interval.ms');
    await expect(ttl('5')).rejects.toThrow('at least 100');
  });
});

describe('DirectoryConfigProvider', () => {
  it('gives the whole content of regular files, not trimmed, through the links of a Kubernetes mount', async () => {
    mkdirSync(join(dir, '..2026_1'));
    mkdirSync(join(dir, '..2026_2'));
    writeFileSync(join(dir, '..2026_1', 'pw'), 'first\n');
    writeFileSync(join(dir, '..2026_2', 'pw'), 'second');
    symlinkSync('..2026_1', join(dir, '..data'));
    symlinkSync('..data/pw', join(dir, 'pw'));
    mkdirSync(join(dir, 'folder'));
    const { provider } = configured(new DirectoryConfigProvider());
    const read = async () => (await provider.get(dir, ['pw', 'folder', 'none', '../pw'], signal)).data;
    expect(await read()).toEqual({ pw: 'first\n' });
    unlinkSync(join(dir, '..data'));
    expect(await read()).toEqual({});
    symlinkSync('..2026_2', join(dir, '..data'));
    expect(await read()).toEqual({ pw: 'second' });
  });

  it('gives nothing, and says so, for what is no directory or not allowed', async () => {
    const { provider, lines } = configured(new DirectoryConfigProvider());
    expect((await provider.get(join(dir, 'none'), ['a'], signal)).data).toEqual({});
    expect(lines.map(({ level, fields }) => [level, fields['path']])).toEqual([['warn', join(dir, 'none')]]);
    const limited = configured(new DirectoryConfigProvider(), { 'allowed.paths': dir });
    expect(await limited.provider.get('/etc', ['hostname'], signal)).toEqual({ data: {} });
    expect(limited.lines).toHaveLength(1);
  });
});

describe('EnvVarConfigProvider', () => {
  it('gives variables that the pattern matches as a whole, and refuses a path', () => {
    process.env['HOLDFAST_TEST_A'] = 'va';
    process.env['HOLDFAST_TEST_AB'] = 'vab';
    try {
      const provider = new EnvVarConfigProvider();
      provider.configure({});
      const keys = ['HOLDFAST_TEST_A', 'HOLDFAST_TEST_AB', 'HOLDFAST_TEST_NONE', 'constructor'];
      expect(provider.get('', keys)).toEqual({ data: { HOLDFAST_TEST_A: 'va', HOLDFAST_TEST_AB: 'vab' } });
      provider.configure({ 'allowlist.pattern': 'HOLDFAST_TEST_A|X' });
      expect(provider.get('', keys)).toEqual({ data: { HOLDFAST_TEST_A: 'va' } });
      expect(provider.get('', undefined)).toEqual({ data: { HOLDFAST_TEST_A: 'va' } });
      expect(() => provider.get('/p', keys)).toThrow(
        "Path is not supported for EnvVarConfigProvider, invalid value '/p'",
      );
      expect(() => provider.configure({ 'allowlist.pattern': '(' })).toThrow('allowlist.pattern');
    } finally {
      delete process.env['HOLDFAST_TEST_A'];
      delete process.env['HOLDFAST_TEST_AB'];
    }
  });
});
