import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OpenedParts } from '../../../../src/cli/opened-parts.ts';
import { noProgress } from '../../../../src/cli/schemas/progress.ts';
import { SchemasSession } from '../../../../src/cli/schemas/schemas-session.ts';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { silentLogger } from '../../../../src/foundation/logger.ts';
import { SecretRegistry } from '../../../../src/foundation/secret-registry.ts';
import { tempDir } from '../../../support/temp-dir.ts';

it('has the settings of --target-config for the Kafka that a place names, and of --command-config for the source', async () => {
  const dir = tempDir('session');
  const file = (name: string, protocol: string): string => {
    const path = join(dir, name);
    writeFileSync(path, `security.protocol=${protocol}\n`);
    return path;
  };
  const [good, bad] = [file('good', 'PLAINTEXT'), file('bad', 'NONSENSE')];
  const isGood = async (files: object, servers?: string): Promise<boolean> => {
    const parts = new OpenedParts();
    const session = new SchemasSession({
      options: {
        ...{ topic: '_schemas', groupId: 'schema-registry', json: true, quiet: true, bootstrapServers: '127.0.0.1:1' },
        ...files,
      },
      ...{ clock: systemClock, logger: silentLogger, progress: noProgress, parts },
      ...{ signal: new AbortController().signal, secrets: new SecretRegistry() },
    });
    try {
      const broker = await session.broker(servers);
      await broker.admin({ settings: {}, logger: silentLogger }).close();
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: 'holdfast.broker.settings' });
      return false;
    } finally {
      await parts.close();
    }
  };
  const other = '127.0.0.1:2';
  expect(await isGood({ commandConfig: good, targetConfig: bad })).toBe(true);
  expect(await isGood({ commandConfig: good, targetConfig: bad }, other)).toBe(false);
  expect(await isGood({ commandConfig: bad, targetConfig: good }, other)).toBe(true);
  expect(await isGood({ commandConfig: bad }, other)).toBe(false);
  // A second listener of the same servers is the place's all the same.
  expect(await isGood({ commandConfig: good, targetConfig: bad }, '127.0.0.1:1')).toBe(false);
});
