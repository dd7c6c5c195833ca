// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of config providers look like this
import { expect, it } from 'vitest';
import { recordingLogger, silentLogger } from '../../../../src/foundation/logger.ts';
import { ConfigVariables } from '../../../../src/runtime/config/variables/config-variables.ts';
import { FakeProvider } from '../config/variables/fake-provider.ts';
import { settle } from '../fake-task-edges.ts';
import { openHerder } from './scripted-connector.ts';

it('warns of variables of a connector that have no value, with the reason of each setting, and without what may be a secret', async () => {
  const provider = new FakeProvider();
  provider.values = { '': { topic: 't' } };
  const { logger, lines } = recordingLogger();
  const variables = new ConfigVariables({ providers: new Map([['p', provider]]), logger: silentLogger });
  const { herder } = openHerder({ logger, variables });
  await herder.start();
  const create = async (name: string, more: Readonly<Record<string, string>>): Promise<void> => {
    const config = { name, 'connector.class': 'ScriptedSource', topic: '${p:topic}', ...more };
    await herder.putConnectorConfig(name, config, { allowReplace: false });
    await settle();
  };
  await create('whole', {});
  await create('lacks', { topic: '${p:topic}-${p:gone}', 'value.converter.x': 'a${q:hunter2}' });
  const warnings = lines.filter(({ message }) => message.startsWith('Variables of a connector have no value.'));
  expect(warnings).toEqual([
    {
      level: 'warn',
      message: 'Variables of a connector have no value. It gets them as they are written.',
      fields: {
        connector: 'lacks',
        reasons: {
          topic: '${p:gone}: the config provider has no such key',
          'value.converter.x': 'its config provider is not in config.providers',
        },
      },
    },
  ]);
});
