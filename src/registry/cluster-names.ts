/**
 * How a cluster is named: by the parts that its nodes tell at `/v1/metadata/id` (`name=value;name=value`), or, of registries that don't
 * tell who they are, by a URL. And the context that a URL leads to: ids of two contexts have nothing to do with each other.
 */

/** Of registries that don't tell who they are. */
export const UNIDENTIFIED = 'unidentified:';

export function isUnidentified(clusterId: string): boolean {
  return clusterId.startsWith(UNIDENTIFIED);
}

/** One part of what a node told. */
export function partOf(clusterId: string | null, name: string): string | undefined {
  return clusterId === null ? undefined : partsOf(clusterId).get(name);
}

/** They name a part differently. A part that only one of them names tells nothing: versions of a registry, and proxies, differ in that. */
export function areOtherClusters(a: string, b: string): boolean {
  const others = partsOf(b);
  return [...partsOf(a)].some(([name, value]) => others.has(name) && others.get(name) !== value);
}

/** Both, in one name. */
export function withParts(clusterId: string, more: string): string {
  const known = partsOf(clusterId);
  const added = [...partsOf(more)].filter(([name]) => !known.has(name)).map(([name, value]) => `${name}=${value}`);
  return [clusterId, ...added].join(';');
}

/** A name that is in no parts is one part. */
function partsOf(clusterId: string): ReadonlyMap<string, string> {
  return new Map(
    clusterId.split(';').map((part): [string, string] => {
      const at = part.indexOf('=');
      return at < 0 ? ['', part] : [part.slice(0, at), part.slice(at + 1)];
    }),
  );
}

/** The context in a URL such as `http://host:8081/contexts/.europe`; '' for the default one. */
export function contextOfUrl(url: string): string {
  const segment = /^[^/]*\/\/[^/]+.*\/contexts\/([^/?#]+)/.exec(url)?.[1] ?? '';
  let name = segment;
  try {
    name = decodeURIComponent(segment);
  } catch {
    // What is no encoding is a name as it stands.
  }
  return name.replace(/^:?\.?/, '').replace(/:$/, '');
}
