/** What can be said of each node of a registry: its part, and how far it has read. */
import type { NodeHealth } from './node-health.ts';
import type { KnowledgeSnapshot } from './registry-knowledge.ts';

/** `primary`: the node that is; null: nobody knows, and then a node's own word counts. `words`: what nodes say of themselves. */
export function knownNodes(
  nodes: readonly string[],
  primary: string | null,
  words: ReadonlyMap<string, NodeHealth | undefined>,
): KnowledgeSnapshot['nodes'] {
  return new Map(
    nodes.map((node) => {
      const health = words.get(node);
      const isPrimary = primary === null ? health?.isPrimary === true : primary === node;
      const isKnown = primary !== null || (health !== undefined && health.isPrimary !== null);
      const progress = health === undefined ? null : { node, ready: health.isReady, highestId: health.readOffset };
      return [node, { role: isPrimary ? 'primary' : isKnown ? 'replica' : 'unknown', progress }];
    }),
  );
}
