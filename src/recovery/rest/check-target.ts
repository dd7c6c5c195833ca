/** Whether a plan of requests is run against the registry that it was made for. */
import { ConfigError, defineErrorCode } from '../../sdk/errors/index.ts';
import type { PlanHeader } from '../plan/plan.ts';
import { identifyNode } from './node-identity.ts';
import type { RegistryApi } from './registry-api.ts';

export const OTHER_REGISTRY = defineErrorCode('holdfast.recovery.other-registry', {
  what: 'A plan or an undo file was to be run against another registry than the one that it was made for, so nothing was sent.',
  mend: 'Give --registry the nodes that the plan names, or those of the same registry under other names; or make a plan for this registry.',
});

/** As the node tells it; null: it tells none. */
export async function clusterIdOf(api: Pick<RegistryApi, 'read'>, signal: AbortSignal): Promise<string | null> {
  const told = await api.read('/v1/metadata/id', signal);
  return told === undefined ? null : JSON.stringify(told);
}

/**
 * Nothing is written. What an older plan does not tell is not compared. A node that the plan does not name may be one of its registry under a
 * new name: it is, if it tells the vendor and the cluster that the plan has.
 * @throws ConfigError `holdfast.recovery.other-registry`; what asking throws
 */
export async function refuseOtherRegistry(
  { target }: Pick<PlanHeader, 'target'>,
  nodes: readonly RegistryApi[],
  signal: AbortSignal,
): Promise<void> {
  if (target.kind !== 'registry') throw new RangeError('not a plan for a registry');
  const known = new Set(target.nodes.map(plain));
  const planned = target.nodes.join(', ');
  for (const [index, api] of nodes.entries()) {
    const isStranger = !known.has(plain(api.node));
    if (isStranger && (target.vendor === undefined || typeof target.clusterId !== 'string')) {
      const why = 'and the registry told no cluster by which it could be known under another name';
      throw refusal(`${api.node} is not among its nodes, ${why}`, planned);
    }
    if (!isStranger && index > 0) continue;
    const difference = await differenceOf(api, target, signal);
    if (difference !== undefined) throw refusal(difference, planned);
  }
}

async function differenceOf(
  api: RegistryApi,
  { vendor, clusterId }: Extract<PlanHeader['target'], { readonly kind: 'registry' }>,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (vendor !== undefined) {
    const now = (await identifyNode(api, signal)).vendor;
    if (now !== vendor) return `${api.node} is ${now}, and it was ${vendor}`;
  }
  if (clusterId === undefined) return undefined;
  const now = await clusterIdOf(api, signal);
  if (now === clusterId) return undefined;
  return `${api.node} tells the cluster ${now ?? '(none)'}, and it told ${clusterId ?? '(none)'}`;
}

function plain(node: string): string {
  return node.replace(/\/+$/, '');
}

function refusal(why: string, planned: string): ConfigError {
  return new ConfigError(
    `The plan was made for the registry at ${planned}: ${why}. Nothing was sent. Give --registry the nodes of the plan; for another ` +
      'registry, make the plan again.',
    { code: OTHER_REGISTRY },
  );
}
