/** What several nodes of one registry tell, as one: a node that lags, or was cut off, knows less than another. */
import { contextOf } from '../../registry/subject-context.ts';
import type { RestWitness, WitnessedVersion } from '../snapshot/rest-witness.ts';
import { type VersionKey, versionKey } from './list-schemas.ts';
import { isPartOf, restContent } from './rest-content.ts';

export interface MergedWitness {
  /** All that the first one tells, and what others know beside it. */
  readonly witness: RestWitness;
  /** What was taken from another node than the first, and what was left out as the first one contradicts it. */
  readonly notes: readonly string[];
}

interface Known {
  readonly id: number;
  readonly content: string;
  readonly deleted: boolean;
}

/** Of one kind, of one node. */
const NAMED = 50;

/**
 * The first node's word holds where two contradict each other: one version, and one id, has one schema. Holds some 200 bytes for each version.
 * @throws RangeError without witnesses; the signal's reason
 */
export async function mergeWitnesses(witnesses: readonly RestWitness[], signal: AbortSignal): Promise<MergedWitness> {
  const [first, ...others] = witnesses;
  if (first === undefined) throw new RangeError('a registry has at least one node');
  if (others.length === 0) return { witness: first, notes: [] };
  const union = new Union();
  for await (const batch of first.versions()) {
    signal.throwIfAborted();
    for (const version of batch) union.take(version, first.node);
  }
  const parts: Part[] = [];
  const notes: string[] = [];
  let versionCount = first.versionCount;
  const configs = { ...first.configs };
  const modes = { ...first.modes };
  const maxIds = { ...first.maxIds };
  for (const other of others) {
    const said = new NodeNotes();
    const taken = new Set<VersionKey>();
    for await (const batch of other.versions()) {
      signal.throwIfAborted();
      for (const version of batch) {
        const contradiction = union.contradictionOf(version);
        if (contradiction !== undefined) said.add('contradicts', `${nameOf(version)}: ${contradiction}`);
        else if (union.take(version, other.node)) {
          taken.add(versionKey(version));
          said.add('taken', nameOf(version));
        }
      }
    }
    for (const [kind, into, from] of [
      ['config', configs, other.configs],
      ['mode', modes, other.modes],
    ] as const) {
      for (const [place, value] of Object.entries(from)) {
        const name = `the ${kind} of ${place === '' ? 'the whole registry' : place}`;
        const known = into[place];
        if (known === undefined) {
          into[place] = value;
          said.add('taken', name);
        } else if (!isPartOf(value, known)) said.add('contradicts', `${name} is another one there`);
      }
    }
    for (const [context, id] of Object.entries(other.maxIds)) maxIds[context] = Math.max(maxIds[context] ?? 0, id);
    versionCount += taken.size;
    parts.push({ witness: other, taken });
    notes.push(...said.inWords(other.node));
  }
  const versions = (): AsyncIterable<readonly WitnessedVersion[]> => allVersions(first, parts);
  return { witness: { ...first, configs, modes, maxIds, versionCount, versions }, notes };
}

interface Part {
  readonly witness: RestWitness;
  readonly taken: ReadonlySet<VersionKey>;
}

async function* allVersions(first: RestWitness, parts: readonly Part[]): AsyncGenerator<readonly WitnessedVersion[]> {
  yield* first.versions();
  for (const { witness, taken } of parts) {
    if (taken.size === 0) continue;
    for await (const batch of witness.versions()) yield batch.filter((version) => taken.has(versionKey(version)));
  }
}

class Union {
  private readonly known = new Map<VersionKey, Known & { readonly node: string }>();
  private readonly byId = new Map<string, Known & { readonly node: string; readonly name: string }>();

  /** False: it is there already. */
  take(version: WitnessedVersion, node: string): boolean {
    const key = versionKey(version);
    if (this.known.has(key)) return false;
    const { id, deleted } = version;
    const known = { id, deleted, content: restContent(version), node };
    this.known.set(key, known);
    const idKey = idKeyOf(version);
    if (!this.byId.has(idKey)) this.byId.set(idKey, { ...known, name: nameOf(version) });
    return true;
  }

  /** In words; undefined: nothing is in its way. */
  contradictionOf(version: WitnessedVersion): string | undefined {
    const known = this.known.get(versionKey(version));
    const content = restContent(version);
    if (known !== undefined) {
      if (known.id !== version.id) return `${known.node} has id ${known.id} there`;
      if (known.content !== content) return `${known.node} has another schema there`;
      if (known.deleted === version.deleted) return undefined;
      return `${known.node} has it ${known.deleted ? 'soft-deleted' : 'alive'}`;
    }
    const holder = this.byId.get(idKeyOf(version));
    if (holder === undefined || holder.content === content) return undefined;
    return `${holder.node} has another schema under that id, ${holder.name}`;
  }
}

class NodeNotes {
  private readonly said = { taken: [] as string[], contradicts: [] as string[] };
  private readonly more = { taken: 0, contradicts: 0 };

  add(kind: 'taken' | 'contradicts', what: string): void {
    if (this.said[kind].length < NAMED) this.said[kind].push(what);
    else this.more[kind]++;
  }

  inWords(node: string): readonly string[] {
    const { taken, contradicts } = this.said;
    return [
      ...taken.map((what) => `only ${node} knows ${what}; it was taken from there`),
      ...(this.more.taken > 0 ? [`${this.more.taken} more were taken from ${node} alone`] : []),
      ...contradicts.map((what) => `${node} contradicts, and was left out: ${what}`),
      ...(this.more.contradicts > 0
        ? [`${node} contradicts in ${this.more.contradicts} more, which were left out`]
        : []),
    ];
  }
}

function nameOf({ subject, version, id }: WitnessedVersion): string {
  return `version ${version} of subject ${subject} (id ${id})`;
}

function idKeyOf({ subject, id }: WitnessedVersion): string {
  return `${id} ${contextOf(subject)}`;
}
