/** The connector files that come with the repository: the bundled connectors take them as they are. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { builtInPlugins } from '../../../src/cli/built-in-plugins.ts';
import { readConnectorFile } from '../../../src/cli/connector-file.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { SINK_CONNECTOR_CONFIG, SOURCE_CONNECTOR_CONFIG } from '../../../src/runtime/config/connector-config-def.ts';
import { Plugins } from '../../../src/runtime/plugins/plugins.ts';
import type { Connector } from '../../../src/sdk/connector.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const samples = ['config', 'docker/connectors'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => /\.(properties|json)$/.test(name) && name !== 'worker.properties')
    .map((name) => `${folder}/${name}`),
);

async function bundled(): Promise<Plugins> {
  return Plugins.discover({ builtIn: builtInPlugins(), pluginPath: [], logger: silentLogger });
}

describe('sample connectors', () => {
  test('there is one for every bundled connector', async () => {
    const plugins = await bundled();
    const used = new Set<string>();
    for (const sample of samples) {
      const { config } = await readConnectorFile(join(root, sample));
      used.add(plugins.get(['source', 'sink'], config['connector.class'] ?? '').className);
    }
    expect([...used].sort()).toEqual(
      plugins
        .list(['source', 'sink'])
        .map(({ className }) => className)
        .sort(),
    );
  });

  test.each(samples)('%s is valid and has no unknown settings', async (sample) => {
    const { config } = await readConnectorFile(join(root, sample));
    const desc = (await bundled()).get(['source', 'sink'], config['connector.class'] ?? '');
    const connector = new desc.create() as Connector;
    const common = desc.type === 'source' ? SOURCE_CONNECTOR_CONFIG : SINK_CONNECTOR_CONFIG;
    const own = (await connector.validate?.(config)) ?? connector.config().validate(config);
    expect([...common.validate(config), ...own].flatMap(({ errorMessages }) => errorMessages)).toEqual([]);
    expect(
      connector
        .config()
        .unusedKeys(config)
        .filter((key) => !common.keys.has(key)),
    ).toEqual([]);
  });
});
