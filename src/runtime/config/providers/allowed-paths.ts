/** `allowed.paths` of the file and directory providers: what lies outside is not read. Kafka Connect 4.1.1, KIP-993. */
import { existsSync } from 'node:fs';
import { isAbsolute, normalize, sep } from 'node:path';
import type { Logger } from '../../../foundation/logger.ts';
import { defineErrorCode } from '../../../sdk/errors/codes.ts';
import { ConfigError } from '../../../sdk/errors/kinds.ts';

export const PROVIDER_INVALID = defineErrorCode('holdfast.config-provider.invalid', {
  what: 'A config provider is not configured in a way that can work.',
  mend: 'Correct the setting under config.providers. that the message names.',
});

export class AllowedPaths {
  /** null: all. */
  private readonly folders: readonly string[] | null;

  /** @throws ConfigError `holdfast.config-provider.invalid` for a folder that is not absolute or does not exist */
  constructor(setting: string | undefined) {
    const entries = (setting ?? '')
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
    this.folders = entries.length === 0 ? null : entries.map(checked);
  }

  /** The path to read; null, and a warning, if it lies outside. `..` is resolved first, links are followed as they are. */
  find(path: string, logger: Logger | null): string | null {
    if (this.folders === null) return path;
    const normal = withoutEnd(normalize(path));
    const inside = (folder: string): boolean =>
      normal === folder || normal.startsWith(folder === sep ? sep : folder + sep);
    if (this.folders.some(inside)) return normal;
    logger?.warn('The path of a config provider is not allowed to be accessed. Add its folder to allowed.paths.', {
      path,
    });
    return null;
  }
}

function checked(entry: string): string {
  const folder = withoutEnd(normalize(entry));
  if (!isAbsolute(folder)) throw invalid(`Path ${folder} is not absolute`);
  if (!existsSync(folder)) throw invalid(`Path ${folder} does not exist`);
  return folder;
}

function withoutEnd(path: string): string {
  return path.length > 1 && path.endsWith(sep) ? path.slice(0, -1) : path;
}

function invalid(message: string): ConfigError {
  return new ConfigError(message, { code: PROVIDER_INVALID });
}
