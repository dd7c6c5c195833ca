import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createEmbeddedBroker } from '../../../src/broker/embedded/embedded-broker.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { pollRecords, texts } from '../../support/broker-port-suite.ts';
import { tempDir } from '../../support/temp-dir.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const client = { settings: {}, logger: silentLogger };

/** Sends numbered records, eight sends at a time, and prints how far they are acknowledged. */
const WRITER = `
import { createEmbeddedBroker } from './src/broker/embedded/embedded-broker.js';
import { silentLogger } from './src/foundation/logger.js';
const broker = await createEmbeddedBroker({ dir: process.argv[2], logger: silentLogger });
const admin = broker.admin({ settings: {}, logger: silentLogger });
await admin.createTopics([{ name: 't', partitions: 1, replicationFactor: 1, configs: { 'segment.bytes': '200000' } }]);
const producer = broker.producer({ settings: {}, logger: silentLogger });
let next = Number(process.argv[3]);
const loop = async () => {
  for (;;) {
    const records = Array.from({ length: 50 }, () => ({
      topic: 't', partition: 0, key: null, value: Buffer.from(String(next++)), headers: [], timestamp: -1,
    }));
    const { offsets } = await producer.send(records);
    process.stdout.write(offsets[49] + '\\n');
  }
};
for (let n = 0; n < 8; n++) loop();
`;

describe('kill -9 of a process that writes', () => {
  it('loses nothing that was acknowledged, and keeps order, ten times over', async () => {
    const built = tempDir('kill-build');
    const tsc = join(root, 'node_modules/typescript-native/bin/tsc');
    spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', built, '--noCheck']);
    writeFileSync(join(built, 'package.json'), '{"type":"module"}');
    writeFileSync(join(built, 'writer.js'), WRITER);
    const dir = join(tempDir('kill'), 'log');
    let next = 0;
    for (let round = 0; round < 10; round++) {
      const child = spawn(process.execPath, [join(built, 'writer.js'), dir, String(next)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let acknowledged = -1;
      let lines = 0;
      const ended = once(child, 'exit');
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged = Math.max(acknowledged, Number(line));
        // At another point each time.
        if (++lines === 20 + round * 7) child.kill('SIGKILL');
      }
      await ended;
      const broker = await createEmbeddedBroker({ dir, logger: silentLogger });
      const [end = 0] = await broker.admin(client).listOffsets([{ topic: 't', partition: 0, at: 'latest' }]);
      expect(end).toBeGreaterThan(acknowledged);
      const fetcher = broker.fetcher(client);
      fetcher.add([{ topic: 't', partition: 0, offset: 'earliest' }]);
      const values = texts(await pollRecords(fetcher, end)).map(Number);
      expect(values).toHaveLength(end);
      expect(values.every((value, offset) => value === offset)).toBe(true);
      await broker.close();
      next = end;
    }
    expect(next).toBeGreaterThan(10_000);
  });
});
