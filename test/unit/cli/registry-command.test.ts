import { expect, it } from 'vitest';
import { UsageError } from '../../../src/cli/exit-codes.ts';
import { type RegistryArguments, runRegistry } from '../../../src/cli/registry-command.ts';

const args: RegistryArguments = {
  bootstrapServers: '127.0.0.1:1',
  host: '127.0.0.1',
  port: '0',
  vendor: 'confluent',
  groupId: 'g',
  topic: 't',
  masterEligibility: true,
  lagMs: '0',
  allowTestControls: false,
  logLevel: 'fatal',
};

it.each([
  [{ vendor: 'apicurio' }, '--vendor must be one of confluent, karapace, not apicurio'],
  [{ port: '70000' }, '--port must be a whole number from 0 to 65535, not 70000'],
  [{ sessionTimeoutMs: 'long' }, '--session-timeout-ms must be a whole number'],
  [{ sessionTimeoutMs: '1' }, '--heartbeat-interval-ms 1 must be lower than --session-timeout-ms 1.'],
  [{ heartbeatIntervalMs: '10000' }, '--heartbeat-interval-ms 10000 must be lower than --session-timeout-ms 10000.'],
  [{ lagMs: '' }, '--lag-ms must be a whole number'],
  [{ logLevel: 'loud' }, '--log-level must be one of'],
  [{ allowTestControls: true, host: '0.0.0.0' }, '--allow-test-controls needs a --host of the loopback interface'],
] as const)('refuses %j before it opens anything', async (wrong, message) => {
  const refused = runRegistry({ ...args, ...wrong });
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toBeInstanceOf(UsageError);
});
