/** `${env:NAME}`: a variable of the worker's environment. Kafka Connect 4.1.1, EnvVarConfigProvider (KIP-887). */
import type { ConfigData, ConfigProvider } from '../../../sdk/config-provider.ts';
import { ConfigError } from '../../../sdk/errors/kinds.ts';
import { PROVIDER_INVALID } from './allowed-paths.ts';

export class EnvVarConfigProvider implements ConfigProvider {
  private allowed = /^[\s\S]*$/;

  configure(config: Readonly<Record<string, string>>): void {
    const pattern = config['allowlist.pattern'];
    if (pattern === undefined) return;
    try {
      this.allowed = new RegExp(`^(?:${pattern})$`, 's');
    } catch (cause) {
      throw new ConfigError(
        `Invalid value ${pattern} for configuration allowlist.pattern: Could not compile regex: ${(cause as Error).message}`,
        { code: PROVIDER_INVALID, cause },
      );
    }
  }

  get(path: string, keys: readonly string[] | undefined): ConfigData {
    if (path !== '') {
      throw new ConfigError(`Path is not supported for EnvVarConfigProvider, invalid value '${path}'`, {
        code: PROVIDER_INVALID,
      });
    }
    const data: Record<string, string> = {};
    for (const name of keys ?? Object.keys(process.env)) {
      const value = Object.hasOwn(process.env, name) ? process.env[name] : undefined;
      if (value !== undefined && this.allowed.test(name)) data[name] = value;
    }
    return { data };
  }
}
