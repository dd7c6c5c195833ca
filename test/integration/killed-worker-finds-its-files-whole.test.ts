/** Offsets and stored connectors are files that are replaced whole: kill -9 in the midst of writing leaves the old or the new, never half. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { FileConfigBackingStore } from '../../src/storage/file-config-backing-store.ts';
import { FileOffsetBackingStore } from '../../src/storage/file-offset-backing-store.ts';
import { tempDir } from '../support/temp-dir.ts';

const built = fileURLToPath(new URL('../../dist/src', import.meta.url));
const ROUNDS = 8;
const KEYS = 2_000;

/** Writes generation after generation, the same in every entry, and prints the one that is durable. */
const WRITER = `
import { systemClock } from '${built}/foundation/clock.js';
import { silentLogger } from '${built}/foundation/logger.js';
import { FileConfigBackingStore } from '${built}/storage/file-config-backing-store.js';
import { FileOffsetBackingStore } from '${built}/storage/file-offset-backing-store.js';
const [, , dir, first] = process.argv;
const offsets = new FileOffsetBackingStore({ path: dir + '/connect.offsets', logger: silentLogger, clock: systemClock });
const configs = new FileConfigBackingStore({ dir: dir + '/connectors', clock: systemClock });
await offsets.start();
await configs.start();
const stored = { target: 'STARTED', created: 0, file: null, isDeleted: false };
const write = async (what, run) => {
  for (let n = Number(first); ; n++) {
    await run(String(n));
    process.stdout.write(what + ' ' + n + '\\n');
  }
};
write('offsets', (n) => offsets.set(new Map(Array.from({ length: ${KEYS} }, (_, key) => ['key ' + key, n]))));
write('configs', (n) => configs.put({ ...stored, name: 'c/1 "\\u00fc', config: { n, 'db.password': 'x'.repeat(100000), last: n } }));
`;

describe('kill -9 while offsets and connectors are written', () => {
  it('leaves one generation of each, no older than what was durable, and nothing else', async () => {
    const dir = tempDir('killed-files');
    const program = join(dir, 'writer.mjs');
    writeFileSync(program, WRITER);
    const durable = { offsets: 0, configs: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const first = Math.max(durable.offsets, durable.configs) + 1;
      const child = spawn(process.execPath, [program, dir, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(child, 'exit');
      let lines = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        const [what, n] = line.split(' ') as ['offsets' | 'configs', string];
        durable[what] = Number(n);
        // At another point each time, and behind whatever it does by then; each of the two has been written by then.
        const wrote = durable.offsets > 0 && durable.configs > 0;
        if (++lines >= 6 + round && wrote) setTimeout(() => child.kill('SIGKILL'), round % 4);
      }
      await ended;

      const offsets = new FileOffsetBackingStore({
        path: join(dir, 'connect.offsets'),
        logger: silentLogger,
        clock: systemClock,
      });
      await offsets.start();
      const found = new Map(await offsets.entries());
      expect(found.size).toBe(KEYS);
      expect(new Set(found.values()).size).toBe(1);
      expect(Number([...found.values()][0])).toBeGreaterThanOrEqual(durable.offsets);

      const configs = new FileConfigBackingStore({ dir: join(dir, 'connectors'), clock: systemClock });
      const [connector, ...others] = await configs.start();
      expect(others).toEqual([]);
      expect(connector?.config['n']).toBe(connector?.config['last']);
      expect(Number(connector?.config['n'])).toBeGreaterThanOrEqual(durable.configs);
      // Its file and the lock of this process: what was being written is gone.
      expect(readdirSync(join(dir, 'connectors')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      await configs.stop();

      // The next write passes over what is left of the one before, too.
      await offsets.set(new Map([['key 0', [...found.values()][0] ?? '']]));
      expect(readdirSync(dir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      await offsets.stop();
    }
  });
});
