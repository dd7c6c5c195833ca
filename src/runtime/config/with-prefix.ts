/** Reads all settings with a prefix, without it. One that is the prefix and nothing more is none, as with Kafka's `originalsWithPrefix`. */
export function withPrefix<V extends string | null>(
  raw: Readonly<Record<string, V>>,
  prefix: string,
): Record<string, V> {
  const found = Object.entries(raw).filter(([key]) => key.startsWith(prefix) && key.length > prefix.length);
  return Object.fromEntries(found.map(([key, value]) => [key.slice(prefix.length), value]));
}
