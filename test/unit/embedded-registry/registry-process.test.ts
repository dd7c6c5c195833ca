import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { createEmbeddedBroker } from '../../../src/broker/embedded/embedded-broker.ts';
import { startRegistryProcess } from '../../../src/embedded-registry/registry-process.ts';
import type { RegistryVendor } from '../../../src/embedded-registry/vendor-profile.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ConfigError } from '../../../src/sdk/errors/index.ts';
import { freePort } from '../../support/ports.ts';
import { tempDir } from '../../support/temp-dir.ts';

it.each<RegistryVendor>(['confluent', 'karapace'])(
  'says of a port that is taken how to mend it: %s',
  async (vendor) => {
    const port = await freePort();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
    const broker = await createEmbeddedBroker({ dir: tempDir('registry'), clock: systemClock, logger: silentLogger });
    try {
      const started = startRegistryProcess(
        {
          ...{ broker, host: '127.0.0.1', port, vendor, groupId: 'g', topic: '_schemas', timings: { replayMs: 0 } },
          ...{ heartbeatIntervalMs: 3000, rebalanceTimeoutMs: 30_000, lagMs: 0 },
          ...{
            isEligible: true,
            allowTestControls: false,
            clock: systemClock,
            logger: silentLogger,
            onFailed: () => {},
          },
        },
        new AbortController().signal,
      );
      const error = await started.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toMatchObject({
        code: 'holdfast.embedded-registry.listener',
        message: expect.stringMatching(
          `^The registry node can't listen on 127\\.0\\.0\\.1:${port}: .*EADDRINUSE.*\\. Free the port, or name another one with --port`,
        ),
      });
    } finally {
      await broker.close();
      taken.close();
    }
  },
);
