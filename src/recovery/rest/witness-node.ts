/** What one node of a registry tells over REST: the second witness beside the topic, and what a restore compares with. */
import type { Clock } from '../../foundation/clock.ts';
import { contextOf } from '../../registry/subject-context.ts';
import { isJsonObject } from '../records/json-bytes.ts';
import { maxIdOf, type RestWitness, type WitnessedVersion } from '../snapshot/rest-witness.ts';
import { textsIn } from './answered-schema.ts';
import { deletedInApicurio } from './apicurio-deleted.ts';
import { inParallel } from './in-parallel.ts';
import { listSchemas, type VersionKey, versionKey } from './list-schemas.ts';
import { identifyNode, type NodeIdentity } from './node-identity.ts';
import { readSetting, readSettings, type Settings } from './read-settings.ts';
import type { RegistryApi } from './registry-api.ts';
import { versionPath, walkSubjects } from './walk-subjects.ts';
import { WitnessSpool } from './witness-spool.ts';

export interface WitnessProgress {
  readonly what: 'versions' | 'settings';
  readonly done: number;
  readonly total: number | undefined;
}

export interface WitnessNodeOptions {
  readonly api: RegistryApi;
  readonly clock: Clock;
  /** Where the versions lie until its owner removes it. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: WitnessProgress) => void;
}

/** A few are enough to know what is the matter. */
const MISSES = 100;

/**
 * Holds some 200 bytes for each version and subject, and no texts. What is registered while it runs may be in it or not.
 * @throws as {@link RegistryApi.ask}
 */
export function witnessNode(options: WitnessNodeOptions): Promise<RestWitness> {
  return witnessed(options, (witness) => witness.readSettings());
}

/** As {@link witnessNode}, without `configs` and `modes`, which take two requests for each subject. */
export function witnessVersions(options: WitnessNodeOptions): Promise<RestWitness> {
  return witnessed(options, async () => ({ configs: {}, modes: {} }));
}

async function witnessed(
  options: WitnessNodeOptions,
  settingsOf: (witness: NodeWitness) => Promise<Settings>,
): Promise<RestWitness> {
  const takenAt = options.clock.now();
  const { node } = options.api;
  const { vendor, serverVersion } = await identifyNode(options.api, options.signal);
  const spool = await WitnessSpool.create(options.folder);
  try {
    const witness = new NodeWitness({ ...options, spool, vendor });
    await witness.readVersions();
    const { configs, modes } = await settingsOf(witness);
    const maxIds = await witness.readMaxIds();
    const { missing } = witness;
    return await spool.finish({
      ...{ node, takenAt, vendor, serverVersion, tellsDeleted: true, configs, modes, maxIds, missing },
    });
  } catch (error) {
    await spool.abort();
    throw error;
  }
}

class NodeWitness {
  readonly missing: string[] = [];
  private readonly options: WitnessNodeOptions & {
    readonly spool: WitnessSpool;
    readonly vendor: NodeIdentity['vendor'];
  };
  private readonly subjects = new Set<string>();
  /** By context, of what was seen. */
  private readonly highest = new Map<string, number>([['', 0]]);

  constructor(options: NodeWitness['options']) {
    this.options = options;
  }

  async readVersions(): Promise<void> {
    const { api, signal } = this.options;
    const alive = new Set<VersionKey>();
    const isListed = await listSchemas({
      ...{ api, signal, deleted: false },
      take: async (versions) => {
        for (const version of versions) alive.add(versionKey(version));
      },
    });
    const seen = new Set<VersionKey>();
    const take = async (versions: readonly WitnessedVersion[]): Promise<void> => {
      for (const version of versions) {
        if (seen.has(versionKey(version))) continue;
        seen.add(versionKey(version));
        await this.take(version);
      }
    };
    const isWhole =
      isListed &&
      (await listSchemas({
        ...{ api, signal, deleted: true },
        take: async (versions) => take(await this.withDeleted(versions, alive)),
      }));
    if (isWhole) return;
    const isApicurio = this.options.vendor === 'apicurio';
    const otherwise = isApicurio
      ? { otherwise: (subject: string, version: number) => deletedInApicurio(api, subject, version, signal) }
      : {};
    await walkSubjects({ api, signal, take, miss: (what) => this.miss(what), ...otherwise });
  }

  /** What one list has and the other lacks is soft-deleted, or was registered between the two: it is asked for by itself. */
  private async withDeleted(
    versions: readonly WitnessedVersion[],
    alive: ReadonlySet<VersionKey>,
  ): Promise<readonly WitnessedVersion[]> {
    const { api, signal } = this.options;
    const deleted = new Set<VersionKey>();
    await inParallel(versions, api.parallel, async (version) => {
      if (version.deleted || alive.has(versionKey(version))) return;
      const isThere = (await api.read(versionPath(version.subject, version.version), signal)) !== undefined;
      if (!isThere) deleted.add(versionKey(version));
    });
    return versions.map((version) => (deleted.has(versionKey(version)) ? { ...version, deleted: true } : version));
  }

  private async take(version: WitnessedVersion): Promise<void> {
    const { spool, onProgress } = this.options;
    const context = contextOf(version.subject);
    this.subjects.add(version.subject);
    this.highest.set(context, Math.max(this.highest.get(context) ?? 0, version.id));
    await spool.add(version);
    if (spool.versions % 100 === 0) onProgress?.({ what: 'versions', done: spool.versions, total: undefined });
  }

  async readSettings(): Promise<Settings> {
    const { api, signal, vendor, onProgress } = this.options;
    // A node that lacks them is one context.
    for (const name of textsIn(await api.read('/contexts', signal))) {
      const context = name.replace(/^:?\.?|:$/g, '');
      if (!this.highest.has(context)) this.highest.set(context, 0);
    }
    const contexts = [...this.highest.keys()].filter((context) => context !== '').map((context) => `:.${context}:`);
    const places = ['', ...contexts, ...this.subjects];
    const miss = (what: string): void => this.miss(what);
    const globalMode = await readSetting({ api, signal, miss }, 'mode', '');
    if (globalMode === undefined && vendor !== 'apicurio') this.miss('modes: the node has none, or does not tell');
    const settings = await readSettings({
      ...{ api, vendor, places, globalMode, signal, miss },
      onProgress: (done, total) => onProgress?.({ what: 'settings', done, total }),
    });
    if (settings.configs[''] === undefined) this.miss('the compatibility level of the whole registry');
    return settings;
  }

  /** A node tells its highest id only beside an id that it has. */
  async readMaxIds(): Promise<Record<string, number>> {
    const { api, signal } = this.options;
    const maxIds: Record<string, number> = {};
    for (const [context, seen] of this.highest) {
      maxIds[context] = seen;
      if (seen === 0) continue;
      const query = new URLSearchParams({ fetchMaxId: 'true' });
      if (context !== '') query.set('subject', `:.${context}:`);
      const json = await api.read(`/schemas/ids/${seen}?${query}`, signal);
      const told = isJsonObject(json) ? json['maxId'] : undefined;
      if (typeof told === 'number') maxIds[context] = Math.max(seen, told);
      else this.miss(`${maxIdOf(context)}: it is at least ${seen}`);
    }
    return maxIds;
  }

  private miss(what: string): void {
    if (this.missing.length < MISSES) this.missing.push(what);
    else if (this.missing.length === MISSES) this.missing.push('and more');
  }
}
