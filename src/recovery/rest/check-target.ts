/** Whether a plan of requests is run against the registry that it was made for. */
import { ConfigError, defineErrorCode } from '../../sdk/errors/index.ts';
import type { PlanHeader } from '../plan/plan.ts';
import { identifyNode } from './node-identity.ts';
import type { RegistryApi } from './registry-api.ts';

export const OTHER_REGISTRY = defineErrorCode('holdfast.recovery.other-registry', {
  what: 'A plan or an undo file was to be run against another registry than the one that it was made for, so nothing was sent.',
  mend: 'Give --registry the nodes that the plan names, or make a plan for this registry.',
});

/** As the node tells it; null: it tells none. */
export async function clusterIdOf(api: Pick<RegistryApi, 'read'>, signal: AbortSignal): Promise<string | null> {
  const told = await api.read('/v1/metadata/id', signal);
  return told === undefined ? null : JSON.stringify(told);
}

/**
 * Nothing is written. What an older plan does not tell is not compared.
 * @throws ConfigError `holdfast.recovery.other-registry`; what asking throws
 */
export async function refuseOtherRegistry(
  { target }: Pick<PlanHeader, 'target'>,
  nodes: readonly RegistryApi[],
  signal: AbortSignal,
): Promise<void> {
  if (target.kind !== 'registry') throw new RangeError('not a plan for a registry');
  const known = new Set(target.nodes.map(plain));
  const stranger = nodes.find(({ node }) => !known.has(plain(node)));
  const planned = target.nodes.join(', ');
  if (stranger !== undefined) throw refusal(`${stranger.node} is not among its nodes`, planned);
  const [api] = nodes;
  if (api === undefined) return;
  if (target.vendor !== undefined) {
    const { vendor } = await identifyNode(api, signal);
    if (vendor !== target.vendor) throw refusal(`${api.node} is now ${vendor}, and was ${target.vendor}`, planned);
  }
  if (target.clusterId === undefined) return;
  const clusterId = await clusterIdOf(api, signal);
  if (clusterId !== target.clusterId) {
    throw refusal(
      `${api.node} tells the cluster ${clusterId ?? '(none)'}, and told ${target.clusterId ?? '(none)'}`,
      planned,
    );
  }
}

function plain(node: string): string {
  return node.replace(/\/+$/, '');
}

function refusal(why: string, planned: string): ConfigError {
  return new ConfigError(
    `The plan was made for the registry at ${planned}: ${why}. Nothing was sent. Give --registry the nodes of the plan; for another registry, ` +
      'or the same one under new names, make the plan again.',
    { code: OTHER_REGISTRY },
  );
}
