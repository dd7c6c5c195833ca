/**
 * Which settings a registry served with in earlier runs, so that 401, 403 and failures of TLS are waited for after a restart with unchanged
 * settings. The URLs of a list don't count, nor what is in the files that the settings name: these are renewed.
 *
 * Invariant 8: of the secrets, the store has sixteen bits of a slow hash under a random salt. Whoever reads it can't tell a password that was
 * guessed from thousands of others; a changed one is taken for the same once in 65,536 times, and then is waited for instead of refused.
 */
import { createHash, randomBytes, scrypt } from 'node:crypto';
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
  readonly secrets: string;
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
  /** For what this client adds to the store. */
  private salt: string | undefined;

  constructor(options: ServedSettingsOptions) {
    this.options = options;
  }

  /**
   * A registry served with these settings at one of these nodes. `unknown`: the store is still being read; of one that can't be, nothing is
   * known. Slow once; nothing is awaited without an entry.
   */
  async haveServed(): Promise<ServedBefore> {
    if (this.options.store?.isLoading === true) return 'unknown';
    for (const node of this.options.settings.nodes) if (await this.isKnown(node, this.at(node))) return true;
    return false;
  }

  /** The node serves: for every answer. The store is told of it once. */
  serves(node: string): void {
    if (this.told.has(node) || this.options.store === null) return;
    this.told.add(node);
    void this.remember(node);
  }

  private async remember(node: string): Promise<void> {
    const { settings, store } = this.options;
    const own = this.at(node);
    if (await this.isKnown(node, own)) return;
    // The same salt as at another node: a second one would tell sixteen bits more.
    for (const other of settings.nodes) {
      if (this.salt === undefined && (await this.isKnown(other, own)))
        this.salt ??= store?.served(other, own.open)?.salt;
    }
    this.salt ??= randomBytes(16).toString('hex');
    const { salt } = this;
    const mark = await this.markOf(own, salt);
    if (mark !== undefined) store?.rememberServed({ node, open: own.open, salt, mark });
  }

  private async isKnown(node: string, settings: SettingsAtNode): Promise<boolean> {
    const stored = this.options.store?.served(node, settings.open);
    return stored !== undefined && (await this.markOf(settings, stored.salt)) === stored.mark;
  }

  private at(node: string): SettingsAtNode {
    const { settings } = this.options;
    const { open, secrets } = partsOfSettings({ ...settings, credentials: credentialsAt(settings.credentials, node) });
    const hash = createHash('sha256').update(JSON.stringify(open)).digest('hex');
    return { open: hash.slice(0, 16), secrets: JSON.stringify(secrets) };
  }

  private markOf({ secrets }: SettingsAtNode, salt: string): Promise<string | undefined> {
    const key = `${salt} ${secrets}`;
    let mark = this.marks.get(key);
    if (mark === undefined) {
      mark = slowHash(secrets, salt, MARK_BYTES, COST).then(
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
