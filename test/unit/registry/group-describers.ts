import type { DescribedGroup } from '../../../src/registry/group-describer.ts';
import type { ScriptedRegistry } from '../../../src/testing/index.ts';
import { GroupScript } from '../../../src/testing/scripted-registry-group.ts';

/** The group of a scripted registry, or of nodes at these URLs, the first of which is primary. */
export function groupDescriber(
  of: ScriptedRegistry | { readonly urls: readonly string[] },
): () => Promise<DescribedGroup> {
  if ('describeGroup' in of) return async () => of.describeGroup();
  const script = new GroupScript({ groupId: 'schema-registry', urls: of.urls });
  script.follow(0);
  return async () => script.describe();
}
