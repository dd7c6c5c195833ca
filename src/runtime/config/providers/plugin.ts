/** The config providers that come with Holdfast, under the class names that Kafka Connect configurations use. */
import { definePlugin } from '../../../sdk/plugin.ts';
import { DirectoryConfigProvider } from './directory-config-provider.ts';
import { EnvVarConfigProvider } from './env-var-config-provider.ts';
import { FileConfigProvider } from './file-config-provider.ts';

const JAVA = 'org.apache.kafka.common.config.provider';

export default definePlugin({
  name: 'holdfast-config-providers',
  version: '0.1.0',
  configProviders: [
    {
      className: `${JAVA}.FileConfigProvider`,
      aliases: ['holdfast.config.provider.FileConfigProvider'],
      create: FileConfigProvider,
    },
    {
      className: `${JAVA}.DirectoryConfigProvider`,
      aliases: ['holdfast.config.provider.DirectoryConfigProvider'],
      create: DirectoryConfigProvider,
    },
    {
      className: `${JAVA}.EnvVarConfigProvider`,
      aliases: ['holdfast.config.provider.EnvVarConfigProvider'],
      create: EnvVarConfigProvider,
    },
  ],
});
