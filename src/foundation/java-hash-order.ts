/**
 * The order in which a Java HashMap that grew entry by entry gives its entries: by the hash of their keys, and within one bucket as they were
 * put. Kafka Connect lists some settings so, and a client that compares its answers sees the order.
 */
export function inHashOrder<T>(entries: readonly T[], keyOf: (entry: T) => string): T[] {
  let buckets = 16;
  while (entries.length > buckets * 0.75) buckets *= 2;
  const bucketOf = (entry: T): number => {
    const hash = hashOf(keyOf(entry));
    return (hash ^ (hash >>> 16)) & (buckets - 1);
  };
  return entries
    .map((entry) => ({ entry, bucket: bucketOf(entry) }))
    .sort((a, b) => a.bucket - b.bucket)
    .map(({ entry }) => entry);
}

/** Java's `String.hashCode`. */
function hashOf(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}
