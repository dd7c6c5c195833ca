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

it.each([
  ['batch.size', '-5', /Invalid value -5 for configuration batch\.size: Value must be at least 0/],
  ['max.request.size', '3000000000', /max\.request\.size: Not a number of type INT/],
  ['compression.type', 'rar', /Invalid value rar for configuration compression\.type/],
])('a producer refuses %s=%s as that of Kafka does', async (key, value, message) => {
  const logger = silentLogger;
  const broker = await createEmbeddedBroker({ dir: tempDir('client-settings'), clock: systemClock, logger });
  const make = (): unknown => broker.producer({ settings: { [key]: value }, logger });
  expect(make).toThrow(message);
  expect(make).toThrow(expect.objectContaining({ code: 'holdfast.broker.settings' }));
  expect(() => broker.fetcher({ settings: { 'fetch.max.bytes': '-1' }, logger })).toThrow(/must be at least 0/);
  await broker.close();
});
