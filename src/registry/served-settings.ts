/**
 * Which settings a registry served with in earlier runs, so that 401, 403 and failures of TLS are waited for after a restart with unchanged
 * settings. The URLs of a list don't count, nor what is in the files that the settings name: these are renewed.
 *
 * Invariant 8: of each secret, the store has sixteen bits of a slow hash. Its salt is random, and the same for all that is in the store: the secret
 * leaves the same bits again with another file of authorities, another proxy or another header beside it, and at another node. Whoever reads it
 * can't tell a password that was guessed from thousands of others; a changed one is taken for the same once in 65,536 times, and then is waited for
 * instead of refused.
 */
import { createHash, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { Logger } from '../foundation/logger.ts';
import { credentialsAt } from './credential-settings.ts';
import type { ServedBefore } from './failure-classes.ts';
import { REGISTRY_STORE } from './registry-errors.ts';
import { partsOfSettings, type RegistrySettings } from './registry-settings.ts';
import type { SchemaStore } from './schema-store.ts';

export interface ServedSettingsOptions {
  readonly settings: RegistrySettings;
  /** null: nothing is kept over a restart. */
  readonly store: SchemaStore | null;
  readonly logger: Logger;
}

interface SettingsAtNode {
  /** Of all that is no secret. */
  readonly open: string;
  readonly secrets: readonly string[];
}

const slowHash = promisify<string, string, number, { N: number; maxmem: number }, Buffer>(scrypt);
/** 32 MiB and some 100 ms for each guess. */
const COST = { N: 2 ** 15, maxmem: 64 * 1024 * 1024 };
const MARK_BYTES = 2;

export class ServedSettings {
  private readonly options: ServedSettingsOptions;
  private readonly marks = new Map<string, Promise<string | undefined>>();
  /** Nodes of which the store was told, or is being told. */
  private readonly told = new Set<string>();

  constructor(options: ServedSettingsOptions) {
    this.options = options;
  }

  /**
   * A registry served with these settings at one of these nodes. `unknown`: the store is still being read; of one that can't be, nothing is
   * known. Slow once; nothing is awaited without an entry.
   */
  async haveServed(): Promise<ServedBefore> {
    if (this.options.store?.isLoading === true) return 'unknown';
    for (const node of this.options.settings.nodes) if (await this.isKnown(node)) return true;
    return false;
  }

  /** The node serves: for every answer. The store is told of it once. */
  serves(node: string): void {
    if (this.told.has(node) || this.options.store === null) return;
    this.told.add(node);
    void this.remember(node);
  }

  private async remember(node: string): Promise<void> {
    const { store } = this.options;
    // Invariant 8: a store that is still being read may have a salt already, and a second one would tell more bits.
    await store?.whenLoaded();
    if (store === null) return;
    const { open, secrets } = this.at(node);
    let salt: string;
    let mark: string | undefined;
    do {
      salt = store.served.salt();
      mark = await this.markOf(secrets, salt);
      // Another worker may have brought one meanwhile.
    } while (salt !== store.served.salt());
    const stored = store.served.at(node, open);
    if (mark === undefined || (stored?.salt === salt && stored.mark === mark)) return;
    store.served.remember({ node, open, salt, mark });
  }

  private async isKnown(node: string): Promise<boolean> {
    const { open, secrets } = this.at(node);
    const stored = this.options.store?.served.at(node, open);
    return stored !== undefined && (await this.markOf(secrets, stored.salt)) === stored.mark;
  }

  private at(node: string): SettingsAtNode {
    const { settings } = this.options;
    const { open, secrets } = partsOfSettings({ ...settings, credentials: credentialsAt(settings.credentials, node) });
    const hash = createHash('sha256').update(JSON.stringify(open)).digest('hex');
    return { open: hash.slice(0, 16), secrets };
  }

  /** One after the other, as each takes 32 MiB; undefined: it could not be computed, which was logged. */
  private async markOf(secrets: readonly string[], salt: string): Promise<string | undefined> {
    let marks = '';
    for (const secret of secrets) {
      const mark = await this.markOfOne(secret, salt);
      if (mark === undefined) return undefined;
      marks += mark;
    }
    return marks;
  }

  private markOfOne(secret: string, salt: string): Promise<string | undefined> {
    const key = `${salt} ${secret}`;
    let mark = this.marks.get(key);
    if (mark === undefined) {
      mark = slowHash(secret, salt, MARK_BYTES, COST).then(
        (hash) => hash.toString('hex'),
        (err: unknown) => {
          this.options.logger.warn('It can not be kept over a restart that a schema registry served', {
            code: REGISTRY_STORE,
            err,
          });
          return undefined;
        },
      );
      this.marks.set(key, mark);
    }
    return mark;
  }
}
