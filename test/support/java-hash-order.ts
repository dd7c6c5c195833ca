/** The order in which a HashMap of Java with up to twelve entries gives them: the converter in Java puts the entries of maps into one. */
export function inHashOrder<V>(map: ReadonlyMap<unknown, V>): [unknown, V][] {
  const bucketOf = (key: unknown): number => {
    let hash = 0;
    const text = typeof key === 'string' ? key : '';
    for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
    return (hash ^ (hash >>> 16)) & 15;
  };
  return [...map].sort(([a], [b]) => bucketOf(a) - bucketOf(b));
}
