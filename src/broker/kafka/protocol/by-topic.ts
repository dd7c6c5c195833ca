/** Groups items by topic, in order of first appearance, as requests list them. */
export function byTopic<T extends { readonly topic: string }, P>(
  items: readonly T[],
  toPartition: (item: T) => P,
): { readonly topic: string; readonly partitions: P[] }[] {
  const topics = new Map<string, P[]>();
  for (const item of items) {
    const partitions = topics.get(item.topic);
    if (partitions === undefined) topics.set(item.topic, [toPartition(item)]);
    else partitions.push(toPartition(item));
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
