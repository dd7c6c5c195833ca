import { expect, it } from 'vitest';
import { EMBEDDED_CLIENT_SETTINGS } from '../../../../src/broker/embedded/client-settings.ts';
import { createEmbeddedBroker } from '../../../../src/broker/embedded/embedded-broker.ts';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { silentLogger } from '../../../../src/foundation/logger.ts';
import { tempDir } from '../../../support/temp-dir.ts';

it('the settings that clients use are those that are said to be used', async () => {
  const asked = new Set<string>();
  const settings = new Proxy<Record<string, string>>({}, { get: (_, key) => void asked.add(String(key)) });
  const logger = silentLogger;
  const broker = await createEmbeddedBroker({ dir: tempDir('client-settings'), clock: systemClock, logger });
  broker.producer({ settings, logger });
  broker.fetcher({ settings, logger });
  broker.admin({ settings, logger });
  broker.groupMember({
    settings,
    logger,
    groupId: 'g',
    subscription: { topics: ['t'] },
    listener: { onAssigned: async () => {}, onRevoked: async () => {}, onLost: async () => {} } as never,
  });
  await broker.close();
  expect([...asked].sort()).toEqual([...EMBEDDED_CLIENT_SETTINGS].sort());
});
