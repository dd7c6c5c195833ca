/** The last word on a restore: every id, every version and every setting, read back from every node. */
import type { Clock } from '../../foundation/clock.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import { isJsonObject } from '../records/json-bytes.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { RegistryState, ReplayVendor, VersionState } from '../state/registry-state.ts';
import { replay } from '../state/replay.ts';
import { compareWitness, replayVendorOf } from '../verify/compare-witnesses.ts';
import type { Finding } from '../verify/finding.ts';
import { FindingBook } from '../verify/finding-book.ts';
import { answeredSchema } from './answered-schema.ts';
import { valuesAt } from './compare-with-target.ts';
import { inParallel } from './in-parallel.ts';
import { identifyNode } from './node-identity.ts';
import type { RegistryApi } from './registry-api.ts';
import { restContent } from './rest-content.ts';
import { idPath } from './walk-subjects.ts';
import { witnessNode } from './witness-node.ts';

export interface CheckNodesOptions {
  /** What all nodes have to tell. */
  readonly snapshot: Snapshot;
  readonly nodes: readonly RegistryApi[];
  /** The one of them that told the snapshot just now: only its ids are left to ask for, unless it did not tell all. */
  readonly toldBy?: string;
  /** Others register, or had registered before: what only a node has is no finding. */
  readonly mayHaveMore: boolean;
  /** ms that a node may take to come up, and to have read all; 0: it must have by now. */
  readonly waitMs: number;
  readonly clock: Clock;
  /** For temporary files; its owner removes it. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (what: string, done: number, total: number | undefined) => void;
  /** What is wrong at a node that is looked at again: the first of it, once as long as it stays the same. */
  readonly onWait?: (message: string) => void;
}

const BATCH = 200;
const LOOK_EVERY_MS = 500;
const LOOK_AT_ALL_EVERY_MS = 3000;

/**
 * Empty of errors when every node is right. A node that stays away, or refuses us, is a finding as well.
 * @throws the signal's reason; what reading the snapshot throws
 */
export async function checkNodes(options: CheckNodesOptions): Promise<readonly Finding[]> {
  const { snapshot, signal } = options;
  const states = new Map<ReplayVendor, Promise<RegistryState>>();
  const stateFor = (vendor: ReplayVendor): Promise<RegistryState> => {
    const state = states.get(vendor) ?? replay(snapshot, vendor, { signal, readsOn: true });
    states.set(vendor, state);
    return state;
  };
  const perNode = await Promise.all(options.nodes.map((api) => new NodeCheck({ ...options, api, stateFor }).run()));
  return perNode.flat();
}

interface NodeCheckOptions extends CheckNodesOptions {
  readonly api: RegistryApi;
  readonly stateFor: (vendor: ReplayVendor) => Promise<RegistryState>;
}

class NodeCheck {
  private readonly options: NodeCheckOptions;
  private readonly until: number;

  constructor(options: NodeCheckOptions) {
    this.options = options;
    this.until = options.clock.monotonic() + options.waitMs;
  }

  /** A node that has just come up, or a replica, may still read: what is wrong is looked at again as long as there is time. */
  async run(): Promise<readonly Finding[]> {
    const { api, clock, signal } = this.options;
    let isRefused = false;
    let said = '';
    for (;;) {
      const isLast = clock.monotonic() >= this.until;
      const found = await this.look(isLast).catch((error: unknown) => {
        signal.throwIfAborted();
        if (!(error instanceof ConnectError)) throw error;
        isRefused = error instanceof ConfigError;
        return silent(api.node, error);
      });
      // To be let in is nothing to wait for.
      if (found !== 'reads' && (isLast || isRefused || !found.some(({ severity }) => severity === 'error')))
        return found;
      const wrong = found === 'reads' ? undefined : found.find(({ severity }) => severity === 'error')?.message;
      if (wrong !== undefined && wrong !== said) {
        said = wrong;
        this.options.onWait?.(wrong);
      }
      await clock.sleep(found === 'reads' ? LOOK_EVERY_MS : LOOK_AT_ALL_EVERY_MS, signal);
    }
  }

  private async look(isLast: boolean): Promise<readonly Finding[] | 'reads'> {
    const { api, toldBy, mayHaveMore, snapshot, signal, stateFor } = this.options;
    const vendor = replayVendorOf(await identifyNode(api, signal));
    const state = await stateFor(vendor);
    if (!isLast && !(await this.knowsHighest(state))) return 'reads';
    const isToldWhole = api.node === toldBy && (await hasToldAll(snapshot, api.node));
    const found = isToldWhole ? [] : await this.compared(snapshot, state);
    const book = new FindingBook();
    await this.checkIds(state, book);
    const isMeant = ({ name, subject = '' }: Finding): boolean =>
      (name === 'only-at-node' && (mayHaveMore || isReservedSubject(subject))) || this.isOnlyTold(subject);
    return [...found.filter((finding) => !isMeant(finding)), ...book.findings()];
  }

  /** A node tells that an id was given out that nothing has any more: what stands for that in its snapshot is at no node. */
  private isOnlyTold(subject: string): boolean {
    return this.options.toldBy !== undefined && isReservedSubject(subject);
  }

  private async compared(snapshot: Snapshot, state: RegistryState): Promise<readonly Finding[]> {
    const { api, clock, folder, signal, onProgress } = this.options;
    const witness = await witnessNode({
      ...{ api, clock, folder, signal },
      onProgress: ({ what, done, total }) => onProgress?.(`Asking ${api.node} for ${what}`, done, total),
    });
    return compareWitness({ snapshot, state }, witness, { signal });
  }

  private async knowsHighest(state: RegistryState): Promise<boolean> {
    const { api, signal } = this.options;
    for (const context of state.contexts()) {
      let highest = -1;
      for (const id of state.ids(context)) {
        if (!this.isOnlyTold(state.byId(context, id)?.subject ?? '')) highest = Math.max(highest, id);
      }
      if (highest >= 0 && (await api.ask('GET', idPath(context, highest), signal)).status === 404) return false;
    }
    return true;
  }

  private async checkIds(state: RegistryState, book: FindingBook): Promise<void> {
    const { api, snapshot, signal, onProgress } = this.options;
    const total = [...batchesOf(state)].reduce((sum, batch) => sum + batch.length, 0);
    let done = 0;
    for (const batch of batchesOf(state)) {
      const held = batch.filter(({ version }) => !this.isOnlyTold(version.subject));
      const versions = held.map(({ version }) => version);
      const values = new Map(await valuesAt(snapshot, versions));
      done += batch.length - held.length;
      await inParallel(held, api.parallel, async ({ context, version }) => {
        const { subject, id } = version;
        const { status, json, reason } = await api.ask('GET', idPath(context, id), signal);
        const told =
          status === 200 && isJsonObject(json)
            ? answeredSchema({ ...json, subject, version: version.version, id }, false)
            : undefined;
        const value = values.get(version);
        const place = { node: api.node, context, id };
        const name = `id ${id}${context === '' ? '' : ` of context ${context}`}`;
        if (told === undefined) book.add('missing-at-node', place, `${api.node} does not give ${name}: ${reason}.`);
        else if (value !== undefined && restContent(told) !== restContent(value)) {
          book.add('other-content-at-node', place, `${api.node} has another schema under ${name}.`);
        }
        onProgress?.(`Asking ${api.node} for ids`, ++done, total);
      });
    }
  }
}

async function hasToldAll(snapshot: Snapshot, node: string): Promise<boolean> {
  for await (const witness of snapshot.witnesses()) if (witness.node === node) return witness.missing.length === 0;
  return false;
}

function silent(node: string, error: ConnectError): readonly Finding[] {
  const book = new FindingBook();
  book.add('node-silent', { node }, `${node} was not checked: ${error.message}`);
  return book.findings();
}

interface HeldId {
  readonly context: string;
  readonly version: VersionState;
}

function* batchesOf(state: RegistryState): Generator<readonly HeldId[]> {
  let batch: HeldId[] = [];
  for (const context of state.contexts()) {
    for (const id of state.ids(context)) {
      const version = state.byId(context, id);
      // A node that has restarted forgets the ids of what is gone.
      if (version === undefined || state.version(version.subject, version.version)?.id !== id) continue;
      batch.push({ context, version });
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
