/** `${file:/path/to/secrets.properties:key}`: one property of a Java properties file. Kafka Connect 4.1.1, FileConfigProvider. */
import { parseProperties } from '../../../foundation/java-properties.ts';
import type { Logger } from '../../../foundation/logger.ts';
import type { ConfigData, ConfigProvider, ConfigProviderContext } from '../../../sdk/config-provider.ts';
import { ConnectError } from '../../../sdk/errors/connect-error.ts';
import { AllowedPaths } from './allowed-paths.ts';
import { PROVIDER_FAILED } from './provider-failed.ts';
import { readSecret } from './read-secret.ts';
import { reloadInterval, withTtl } from './reload-interval.ts';

export class FileConfigProvider implements ConfigProvider {
  private paths = new AllowedPaths(undefined);
  private ttlMs: number | undefined;
  private logger: Logger | null = null;

  configure(config: Readonly<Record<string, string>>, context: ConfigProviderContext): void {
    this.logger = context.logger;
    this.paths = new AllowedPaths(config['allowed.paths']);
    this.ttlMs = reloadInterval(config['reload.interval.ms']);
  }

  async get(path: string, keys: readonly string[] | undefined, signal: AbortSignal): Promise<ConfigData> {
    if (path === '') return { data: {} };
    const allowed = this.paths.find(path, this.logger);
    if (allowed === null) return { data: {} };
    let properties: Record<string, string>;
    try {
      properties = parseProperties(await readSecret(allowed, signal));
    } catch (cause) {
      throw new ConnectError(`Could not read properties from file ${path}`, { code: PROVIDER_FAILED, cause });
    }
    const wanted = keys ?? Object.keys(properties);
    const found = wanted.flatMap((key) => (Object.hasOwn(properties, key) ? [[key, properties[key] ?? '']] : []));
    return withTtl(Object.fromEntries(found), this.ttlMs);
  }
}
