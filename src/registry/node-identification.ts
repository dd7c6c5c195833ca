/** Who a node belongs to, asked at first contact and after every outage, before its answers are used. */
import type { Logger } from '../foundation/logger.ts';
import type { ClusterIdentity } from './cluster-identity.ts';
import type { CallResult, RegistryRequest } from './node-exchange.ts';
import { REGISTRY_UNIDENTIFIED } from './registry-errors.ts';
import { clusterIdOf, clusterRequest, subjectsRequest } from './registry-requests.ts';

export interface NodeIdentificationOptions {
  readonly identity: ClusterIdentity;
  readonly logger: Logger;
  /** A node has told, or has nothing to tell, or does not tell us. */
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
    const answer = await get(clusterRequest());
    if (this.isMetBy(node, answer) || !this.failsOften(node, answer)) return;
    const { verdict } = await get(subjectsRequest());
    if (verdict.class === 'ok') {
      this.met(node, undefined);
      this.tell(node, answer);
    } else if (verdict.class !== 'park') {
      // A refusal of another question settles nothing: the last answer is to be one to this question.
      this.isMetBy(node, await get(clusterRequest()));
    }
  }

  /** One that lacks the question, or refuses it, is used from now on, and so is one that does not tell: what it gives needs a name. */
  private isMetBy(node: string, { verdict, status, json }: CallResult): boolean {
    if (status === undefined || verdict.class === 'park') return false;
    const said = verdict.class === 'ok' ? clusterIdOf(json) : undefined;
    if (said !== undefined) this.named.add(node);
    this.failures.delete(node);
    this.met(node, said);
    return true;
  }

  private met(node: string, said: string | undefined): void {
    this.options.identity.met(node, said);
    this.options.onMet();
  }

  /** One that named its cluster before is asked on: another one may stand there now. */
  private failsOften(node: string, { status = 0 }: CallResult): boolean {
    if (status < 500 || this.named.has(node) || this.options.identity.hasNamed(node)) return false;
    const failures = (this.failures.get(node) ?? 0) + 1;
    this.failures.set(node, failures);
    return failures >= TRIES;
  }

  private tell(node: string, { reason }: CallResult): void {
    if (this.told.has(node)) return;
    this.told.add(node);
    this.options.logger.warn('A node of the schema registry serves, but does not say which cluster it belongs to', {
      code: REGISTRY_UNIDENTIFIED,
      node,
      reason,
    });
  }
}
