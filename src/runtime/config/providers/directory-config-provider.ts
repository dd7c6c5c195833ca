/**
 * `${directory:/run/secrets:name}`: the whole content of one regular file in a folder, as Kubernetes and Docker mount secrets.
 * Kafka Connect 4.1.1, DirectoryConfigProvider.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../../foundation/logger.ts';
import type { ConfigData, ConfigProvider, ConfigProviderContext } from '../../../sdk/config-provider.ts';
import { ConnectError } from '../../../sdk/errors/connect-error.ts';
import { AllowedPaths } from './allowed-paths.ts';
import { PROVIDER_FAILED } from './provider-failed.ts';
import { readSecret } from './read-secret.ts';
import { reloadInterval, withTtl } from './reload-interval.ts';

export class DirectoryConfigProvider implements ConfigProvider {
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
    const folder = this.paths.find(path, this.logger);
    if (folder === null) return { data: {} };
    if (!(await isKind(folder, 'isDirectory'))) {
      this.logger?.warn('The path of a config provider is not a directory.', { path });
      return withTtl({}, this.ttlMs);
    }
    const names = await readdir(folder).catch((cause: unknown) => {
      throw new ConnectError(`Could not list directory ${folder}`, { code: PROVIDER_FAILED, cause });
    });
    const data: Record<string, string> = {};
    for (const name of names) {
      const file = join(folder, name);
      if ((keys !== undefined && !keys.includes(name)) || !(await isKind(file, 'isFile'))) continue;
      try {
        data[name] = (await readSecret(file, signal)).toString('utf8');
      } catch (cause) {
        throw new ConnectError(`Could not read file ${file} for property ${name}`, { code: PROVIDER_FAILED, cause });
      }
    }
    return withTtl(data, this.ttlMs);
  }
}

/** Follows links: Kubernetes mounts each secret as a link into the folder that is current. */
async function isKind(path: string, kind: 'isDirectory' | 'isFile'): Promise<boolean> {
  return stat(path).then(
    (found) => found[kind](),
    () => false,
  );
}
