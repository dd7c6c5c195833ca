import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

const shipped = [...sources('src'), ...sources('connectors')];

describe('the layout of what ships', () => {
  it('is found at all', () => {
    expect(shipped.length).toBeGreaterThan(50);
  });

  it('has no drawer for things without a name', () => {
    const drawers = /(?:^|\/)(?:utils?|common|helpers?|misc|types|interfaces)(?:\/|\.tsx?$)/;
    expect(shipped.filter((path) => drawers.test(path))).toEqual([]);
  });

  it('has barrels at its public edges only', () => {
    const edges = /^(?:src\/index|src\/sdk\/(?:[^/]+\/)?index|src\/testing\/index|connectors\/[^/]+\/index)\.ts$/;
    expect(shipped.filter((path) => basename(path) === 'index.ts' && !edges.test(path))).toEqual([]);
  });

  it('has files that one reads at a sitting', () => {
    const lines = (path: string): number => readFileSync(join(root, path), 'utf8').trimEnd().split('\n').length;
    const long = shipped.filter((path) => lines(path) > 400).map((path) => `${path}: ${lines(path)} lines`);
    expect(long).toEqual([]);
  });

  it('names only invariants that ARCHITECTURE.md has', () => {
    const stated = new Set(
      [...readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8').matchAll(/^(\d+)\. /gm)].map((match) => match[1]),
    );
    const enforced = shipped.flatMap((path) =>
      [...readFileSync(join(root, path), 'utf8').matchAll(/\bInvariant (\d+)/g)].map((match) => ({
        path,
        number: match[1],
      })),
    );
    expect(enforced.length).toBeGreaterThan(0);
    expect(enforced.filter(({ number }) => !stated.has(number))).toEqual([]);
  });
});
