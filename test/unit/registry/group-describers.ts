import type { DescribedGroup } from '../../../src/registry/group-describer.ts';
import type { ScriptedRegistry } from '../../../src/testing/index.ts';
import { GroupScript } from '../../../src/testing/scripted-registry-group.ts';

/** The group of a scripted registry, or of nodes at these URLs, the first of which is primary, after its `starts`th start. */
export function groupDescriber(
  of: ScriptedRegistry | { readonly urls: readonly string[]; readonly starts?: number },
): () => Promise<DescribedGroup> {
  if ('describeGroup' in of) return async () => of.describeGroup();
  const script = new GroupScript({ groupId: 'schema-registry', urls: of.urls });
  for (let start = 1; start < (of.starts ?? 1); start++) script.rejoin(0);
  script.follow(0);
  return async () => script.describe();
}
