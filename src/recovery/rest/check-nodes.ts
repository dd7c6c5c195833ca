/** The last word on a restore: every id and every version, read back from every node. */
import type { Clock } from '../../foundation/clock.ts';
import { EnvironmentError } from '../../sdk/errors/kinds.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import type { RestWitness } from '../snapshot/rest-witness.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { RegistryState, VersionState } from '../state/registry-state.ts';
import type { Finding } from '../verify/finding.ts';
import { FindingBook } from '../verify/finding-book.ts';
import { answeredSchema, isJsonObject } from './answered-schema.ts';
import { valuesAt } from './compare-with-target.ts';
import { inParallel } from './in-parallel.ts';
import type { RegistryApi } from './registry-api.ts';
import { restContent } from './rest-content.ts';
import { witnessNode } from './witness-node.ts';

export interface CheckNodesOptions {
  readonly snapshot: Snapshot;
  /** Of the snapshot, as the nodes' vendor reads it. */
  readonly state: RegistryState;
  readonly nodes: readonly RegistryApi[];
  /** Versions, deletions, settings and highest ids: what a node told, beside the snapshot. */
  readonly compare: (witness: RestWitness) => Promise<readonly Finding[]>;
  /** The registry had other subjects before: what only a node has is no finding. */
  readonly mayHaveMore: boolean;
  /** ms that a node may take to come up and to have read all; 0: it must have by now. */
  readonly waitMs: number;
  readonly clock: Clock;
  /** For temporary files; its owner removes it. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: { readonly node: string; readonly done: number; readonly total: number }) => void;
}

const BATCH = 200;
const LOOK_EVERY_MS = 500;

/** Empty when every node is right. A node that stays away throws as {@link RegistryApi.ask}. */
export async function checkNodes(options: CheckNodesOptions): Promise<readonly Finding[]> {
  const perNode = await Promise.all(options.nodes.map((api) => checkNode(api, options)));
  return perNode.flat();
}

async function checkNode(api: RegistryApi, options: CheckNodesOptions): Promise<readonly Finding[]> {
  const { clock, folder, signal, mayHaveMore, compare } = options;
  await caughtUp(api, options);
  const witness = await witnessNode({ api, clock, folder, signal });
  const found = await compare(witness);
  const book = new FindingBook();
  await checkIds(api, options, book);
  return [
    ...found.filter(
      ({ name, subject = '' }) => name !== 'only-at-node' || !(mayHaveMore || isReservedSubject(subject)),
    ),
    ...book.findings(),
  ];
}

/** A node that has just come up, or a replica, may still read: it is only judged when it knows the highest ids, or had its time. */
async function caughtUp(api: RegistryApi, { state, waitMs, clock, signal }: CheckNodesOptions): Promise<void> {
  const until = clock.monotonic() + waitMs;
  for (const context of state.contexts()) {
    let highest = -1;
    for (const id of state.ids(context)) highest = Math.max(highest, id);
    if (highest < 0) continue;
    for (;;) {
      try {
        if ((await api.read(idPath(context, highest), signal)) !== undefined) break;
      } catch (error) {
        if (!(error instanceof EnvironmentError) || clock.monotonic() >= until) throw error;
      }
      if (clock.monotonic() >= until) return;
      await clock.sleep(LOOK_EVERY_MS, signal);
    }
  }
}

function idPath(context: string, id: number): string {
  return `/schemas/ids/${id}${context === '' ? '' : `?subject=${encodeURIComponent(`:.${context}:`)}`}`;
}

async function checkIds(
  api: RegistryApi,
  { snapshot, state, signal, onProgress }: CheckNodesOptions,
  book: FindingBook,
): Promise<void> {
  const { node } = api;
  const all: { readonly context: string; readonly version: VersionState }[] = [];
  for (const context of state.contexts()) {
    for (const id of state.ids(context)) {
      const version = state.byId(context, id);
      if (version !== undefined) all.push({ context, version });
    }
  }
  let done = 0;
  for (let at = 0; at < all.length; at += BATCH) {
    const batch = all.slice(at, at + BATCH);
    const values = new Map(
      await valuesAt(
        snapshot,
        batch.map(({ version }) => version),
      ),
    );
    await inParallel(batch, api.parallel, async ({ context, version }) => {
      const { subject, id } = version;
      const json = await api.read(idPath(context, id), signal);
      const told = isJsonObject(json)
        ? answeredSchema({ ...json, subject, version: version.version, id }, false)
        : undefined;
      const value = values.get(version);
      const place = { node, context, id };
      const name = `id ${id}${context === '' ? '' : ` of context ${context}`}`;
      if (told === undefined) book.add('missing-at-node', place, `${node} does not know ${name}.`);
      else if (value !== undefined && restContent(told) !== restContent(value)) {
        book.add('other-content-at-node', place, `${node} has another schema under ${name}.`);
      }
      onProgress?.({ node, done: ++done, total: all.length });
    });
  }
}
