/** Who a node belongs to, asked at first contact and after every outage, before its answers are used. */
import type { Logger } from '../foundation/logger.ts';
import type { ClusterIdentity } from './cluster-identity.ts';
import type { CallResult, RegistryRequest } from './node-exchange.ts';
import { REGISTRY_UNIDENTIFIED } from './registry-errors.ts';
import { clusterIdOf, clusterRequest, subjectsRequest } from './registry-requests.ts';

export interface NodeIdentificationOptions {
  readonly identity: ClusterIdentity;
  readonly logger: Logger;
  /** A node has told, or has nothing to tell. */
  readonly onMet: () => void;
}

/** After so many failures in a row the question itself may be what fails, as behind a gateway that lets only some paths through. */
const TRIES = 3;

export class NodeIdentification {
  private readonly options: NodeIdentificationOptions;
  private readonly named = new Set<string>();
  private readonly failures = new Map<string, number>();
  private readonly told = new Set<string>();

  constructor(options: NodeIdentificationOptions) {
    this.options = options;
  }

  /** The answer to the last question says whether the node may be used. Rejects with RegistryIntegrityError when another cluster is there. */
  async verify(node: string, get: (request: RegistryRequest) => Promise<CallResult>): Promise<void> {
    const { identity, onMet } = this.options;
    const answer = await get(clusterRequest());
    if (answer.verdict.class === 'ok') {
      const said = clusterIdOf(answer.json);
      if (said !== undefined) this.named.add(node);
      this.failures.delete(node);
      identity.met(node, said);
    } else if (answer.status === 404) identity.met(node, undefined);
    else if (await this.servesAllTheSame(node, answer, get)) identity.met(node, undefined);
    else return;
    onMet();
  }

  /** One that named its cluster before is asked on: another one may stand there now. */
  private async servesAllTheSame(
    node: string,
    answer: CallResult,
    get: (request: RegistryRequest) => Promise<CallResult>,
  ): Promise<boolean> {
    if ((answer.status ?? 0) < 500 || this.named.has(node) || this.options.identity.hasNamed(node)) return false;
    const failures = (this.failures.get(node) ?? 0) + 1;
    this.failures.set(node, failures);
    if (failures < TRIES) return false;
    const { verdict } = await get(subjectsRequest());
    const serves = verdict.class === 'ok';
    // A refusal settles nothing: the last answer is to be that one which failed.
    if (!serves && verdict.class !== 'park') await get(clusterRequest());
    if (serves && !this.told.has(node)) {
      this.told.add(node);
      this.options.logger.warn('A node of the schema registry serves, but does not say which cluster it belongs to', {
        code: REGISTRY_UNIDENTIFIED,
        node,
        reason: answer.reason,
      });
    }
    return serves;
  }
}
