import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmbeddedBroker } from '../../../src/broker/embedded/embedded-broker.ts';
import type { Availability } from '../../../src/broker/ports.ts';
import { Deferred } from '../../../src/foundation/deferred.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { pollRecords, record, texts } from '../../support/broker-port-suite.ts';
import { tempDir } from '../../support/temp-dir.ts';

const mountPoint = tempDir('full-disk');
const mounted =
  process.platform === 'linux' &&
  spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mountPoint], { stdio: 'ignore' }).status === 0;
if (!mounted) {
  console.warn('SKIPPED: the full disk test needs the right to mount a tmpfs (run it as root on Linux).');
}

describe.skipIf(!mounted)('a full disk', () => {
  const client = { settings: {}, logger: silentLogger };
  const ballast = join(mountPoint, 'ballast');
  beforeAll(() => {
    // Leaves some hundred kilobytes: enough to open, not enough for what the test sends.
    writeFileSync(ballast, Buffer.alloc(3_500_000));
  });
  afterAll(() => {
    spawnSync('/bin/umount', [mountPoint], { stdio: 'ignore' });
  });

  it('stops acknowledgements and tells why; when space returns everything is there once and in order', async () => {
    const dir = join(mountPoint, 'log');
    const broker = await createEmbeddedBroker({ dir, logger: silentLogger });
    const full = new Deferred<Availability>();
    const back = new Deferred<Availability>();
    const producer = broker.producer({
      ...client,
      onAvailability: (availability) => (availability.available ? back : full).resolve(availability),
    });
    const values = Array.from({ length: 40 }, (_, n) => `${n} ${'x'.repeat(20_000)}`);
    let acknowledged = 0;
    const sends = values.map(async (text) => {
      await producer.send([record('t', text)]);
      acknowledged++;
    });
    expect((await full.promise).reason).toMatch(/no space is left on the disk \(ENOSPC\)/);
    expect(acknowledged).toBeLessThan(values.length);

    const fetcher = broker.fetcher(client);
    fetcher.add([{ topic: 't', partition: 0, offset: 'earliest' }]);
    const before = acknowledged === 0 ? [] : await pollRecords(fetcher, acknowledged);
    rmSync(ballast);
    await back.promise;
    await Promise.all(sends);
    const after = await pollRecords(fetcher, values.length - before.length);
    expect(texts([...before, ...after])).toEqual(values);
    await broker.close();

    const reopened = await createEmbeddedBroker({ dir, logger: silentLogger });
    const again = reopened.fetcher(client);
    again.add([{ topic: 't', partition: 0, offset: 'earliest' }]);
    expect(texts(await pollRecords(again, values.length))).toEqual(values);
    await reopened.close();
  });
});
