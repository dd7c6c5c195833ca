/** After a plan ran: every id, version and setting at every node of --registry, as the topic or the first node has them. */
import { restSource } from '../../recovery/backup/backup-source.ts';
import type { Plan } from '../../recovery/plan/open-plan.ts';
import { checkNodes } from '../../recovery/rest/check-nodes.ts';
import type { Snapshot } from '../../recovery/snapshot/snapshot.ts';
import { UsageError } from '../exit-codes.ts';
import type { WaitOption } from './common-options.ts';
import { parseDuration } from './duration.ts';
import { readTopic } from './open-place.ts';
import type { SchemasSession } from './schemas-session.ts';

/** Nodes of a registry that is restored through one of them run. */
const LAG_MS = 30_000;
/** A node that is down is asked again from the top, not by the request. */
const GIVE_UP_MS = 5000;

export interface NodesChecked {
  readonly nodes: readonly string[];
  /** Nothing is wrong without one. */
  readonly wrong: readonly string[];
  readonly notes: readonly string[];
}

export interface Wait {
  readonly ms: number;
  /** As it was told. */
  readonly text: string;
}

/** To be called before anything is done. @throws UsageError */
export function waitOf({ options }: SchemasSession, { wait }: WaitOption): Wait | undefined {
  if (wait === undefined) return undefined;
  if (options.registry === undefined) throw new UsageError('--wait needs --registry with the nodes to wait for.');
  // It is this command that has the folder meanwhile.
  if (options.bootstrapServers?.startsWith('embedded:')) throw new UsageError('--wait does not go with embedded:.');
  return { ms: parseDuration('--wait', wait), text: wait };
}

/**
 * @param wait for nodes that come up, or lag; undefined: 30 s for a registry that is restored through its nodes, and one that has to be started
 *   first is not checked
 * @returns undefined: it was not checked
 */
export async function checkNodesAfter(
  session: SchemasSession,
  plan: Plan,
  wait: Wait | undefined,
): Promise<NodesChecked | undefined> {
  const { clock, signal, progress } = session;
  const { target } = plan.header;
  if (target.kind === 'topic' && wait === undefined) return undefined;
  const nodes = (await session.nodes(GIVE_UP_MS))?.nodes ?? [];
  const snapshot = await toldOrWritten(session, plan);
  const names = nodes.map(({ node }) => node);
  if (snapshot === undefined) return undefined;
  if (target.kind === 'topic') session.note(`Start the registry now: ${names.join(', ')} will be checked.`);
  const found = await checkNodes({
    ...{ snapshot, nodes, mayHaveMore: true, waitMs: wait?.ms ?? LAG_MS, clock, signal },
    ...(target.kind === 'registry' && names[0] !== undefined ? { toldBy: names[0] } : {}),
    folder: await session.temporaryFolder(),
    onProgress: (what, done, total) => progress.report(what, done, total),
    onWait: (message) =>
      session.note(`Not yet as planned, and looked at again (Ctrl-C ends only the wait, all is written): ${message}`),
  });
  const of = (wanted: boolean): readonly string[] =>
    found
      .filter(({ severity }) => (severity === 'error') === wanted)
      .map(({ message, more }) => (more === undefined ? message : `${message} (and ${more} more)`));
  return { nodes: names, wrong: of(true), notes: of(false) };
}

/** undefined: the topic is gone, as that of an undo may be. */
async function toldOrWritten(session: SchemasSession, { header }: Plan): Promise<Snapshot | undefined> {
  const { clock, signal, progress } = session;
  if (header.target.kind === 'topic') {
    const snapshot = await readTopic(session, header.target).catch((error: unknown) => {
      if (header.undoes === undefined) throw error;
      return undefined;
    });
    if (snapshot !== undefined) session.atEnd(() => snapshot.close());
    return snapshot;
  }
  const [first] = (await session.nodes())?.nodes ?? [];
  if (first === undefined) return undefined;
  const onProgress = (what: string, done: number, total: number | undefined): void =>
    progress.report(what, done, total);
  const source = restSource({ nodes: [first], clock, onProgress });
  const snapshot = await source.read(await session.temporaryFolder(), signal);
  session.atEnd(() => snapshot.close());
  return snapshot;
}
