import type { Admin, GroupDescription, ListedGroup } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import { ConfigError } from '../../sdk/errors/index.ts';
import { REGISTRY_RUNNING } from './topic-errors.ts';

export interface RegistryGroup {
  readonly admin: Pick<Admin, 'describeGroups' | 'listGroups'>;
  /** Karapace's and Confluent's is `schema-registry` unless set otherwise (group_id, schema.registry.group.id). */
  readonly groupId: string;
  /** The registry of the group reads another topic: it may have members. */
  readonly mayRun?: boolean;
  /** Groups of other registries of the cluster, which may have members; `*` for any. */
  readonly otherGroupsOk?: readonly string[];
  /** Called if the cluster does not let us list its groups. */
  readonly onNotListed?: (error: ConfigError) => void;
}

const CHECK_MS = 5_000;
const SHOWN = 5;
const ANY_GROUP = '*';
/** The protocol type of both vendors' groups. */
const REGISTRIES = 'sr';

/**
 * Resolves if no node of the registry is a member of its group, by which nodes of both vendors elect their primary; and if no other group
 * of registries has members: a group id that is not the registry's has none, however many of its nodes run.
 *
 * It can't see who reads the topic without being a member: a node that was cut off from the group's coordinator, or any consumer of the
 * topic that assigns itself its partition, as the readers of both vendors do. A node that starts a moment later is seen by
 * {@link whileNoMembers} only.
 *
 * @throws ConfigError `holdfast.recovery.registry-running` with the members and their hosts; what {@link Admin.describeGroups} throws, where
 *   we may not ask
 */
export async function assertNoMembers(of: RegistryGroup, signal: AbortSignal): Promise<void> {
  const { admin, groupId } = of;
  if (of.mayRun === true) return assertNoOtherMembers(of, signal);
  // Invariant 10: nothing is written to the topic under live members of the registry; who can't be asked counts as alive.
  const [group] = await admin.describeGroups([groupId], signal);
  if (group !== undefined && group.members.length === 0 && (group.state === 'Empty' || group.state === 'Dead')) {
    return assertNoOtherMembers(of, signal);
  }
  throw new ConfigError(
    `Nothing is written to the topic while the registry runs: its group '${groupId}' ${inWords(group)}. Stop every node of the registry, wait ` +
      'until the group is empty (a killed node leaves after its session timeout, some 10 to 45 s), and run the command again.',
    { code: REGISTRY_RUNNING, details: { groupId, state: group?.state ?? 'Unknown' } },
  );
}

async function assertNoOtherMembers(of: RegistryGroup, signal: AbortSignal): Promise<void> {
  const { admin, groupId, otherGroupsOk = [], onNotListed } = of;
  if (otherGroupsOk.includes(ANY_GROUP)) return;
  let listed: readonly ListedGroup[];
  try {
    listed = await admin.listGroups(signal);
  } catch (error) {
    // The registry's own group was asked; who may not see the others can't be kept from a restore by it.
    if (!(error instanceof ConfigError)) throw error;
    onNotListed?.(error);
    return;
  }
  const ids = listed
    .filter((group) => group.protocolType === REGISTRIES && group.groupId !== groupId)
    .map((group) => group.groupId)
    .filter((id) => !otherGroupsOk.includes(id));
  if (ids.length === 0) return;
  const other = (await admin.describeGroups(ids, signal)).find(({ members }) => members.length > 0);
  if (other === undefined) return;
  // Invariant 10: the topic may be this group's; only the operator knows.
  throw new ConfigError(
    `Nothing is written to the topic: the group '${groupId}' has no members, but nodes of a registry run in another one: '${other.groupId}' ` +
      `${inWords(other)}. If that is the registry of this topic, stop its nodes and give --group-id ${other.groupId} when the plan is made; ` +
      `if it is the registry of another topic, give --other-group-ok ${other.groupId}.`,
    { code: REGISTRY_RUNNING, details: { groupId: other.groupId, state: other.state } },
  );
}

/**
 * Runs `work` while nobody is in the registry's group: asks before, every five seconds meanwhile, and after it. As soon as there are members
 * the signal given to `work` aborts, and the error of {@link assertNoMembers} is thrown. A broker that does not answer meanwhile stops
 * nothing: the work needs it as well.
 */
export async function whileNoMembers<T>(
  group: RegistryGroup & { readonly clock: Clock },
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  await assertNoMembers(group, signal);
  const running = new AbortController();
  const within = AbortSignal.any([signal, running.signal]);
  const done = new AbortController();
  let found: unknown;
  const watching = (async () => {
    const stop = AbortSignal.any([within, done.signal]);
    while (!stop.aborted) {
      try {
        await group.clock.sleep(CHECK_MS, stop);
        await assertNoMembers(group, stop);
      } catch (error) {
        if (stop.aborted || !(error instanceof ConfigError)) continue;
        // Invariant 10: a registry that was started meanwhile ends the work.
        found = error;
        running.abort(error);
      }
    }
  })();
  try {
    const result = await work(within);
    if (found !== undefined) throw found;
    await assertNoMembers(group, signal);
    return result;
  } catch (error) {
    throw found ?? error;
  } finally {
    done.abort(new Error('The work is done.'));
    await watching;
  }
}

function inWords(group: GroupDescription | undefined): string {
  if (group === undefined) return 'could not be described';
  const { state, members } = group;
  if (members.length === 0) return `is in the state ${state}, with no member told`;
  const shown = members
    .slice(0, SHOWN)
    .map(({ memberId, clientHost }) => `${memberId} at ${clientHost.replace(/^\//, '')}`);
  const more = members.length > SHOWN ? [`${members.length - SHOWN} more`] : [];
  const count = members.length === 1 ? '1 member' : `${members.length} members`;
  return `has ${count} and is in the state ${state} (${[...shown, ...more].join(', ')})`;
}
