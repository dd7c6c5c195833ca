/**
 * What one client of a broker has measured, under the names of Kafka's own clients (4.1.1): MBeans of the domains `kafka.producer`,
 * `kafka.consumer` and `kafka.admin.client`, with their attributes. Structured-cloneable.
 *
 * What a client can't know, or has no equivalent of, is left out; an average or maximum without a value is NaN.
 */

/** One MBean. */
export interface FigureGroup {
  /** Such as `producer-topic-metrics`. */
  readonly type: string;
  /** Besides `client-id`: `topic`, `partition`, `node-id`. */
  readonly tags: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, number>>;
}

export interface ClientFigures {
  readonly kind: 'producer' | 'consumer' | 'admin';
  readonly clientId: string;
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly groups: readonly FigureGroup[];
}

/**
 * One for each client id and kind: what two clients of one name measure is what one would, as the fetcher and the group member of a
 * consumer are one in Kafka, and whoever reads metrics refuses a series that comes twice. Totals, rates and counts are added, the extremes
 * are those of both, and averages weigh as much as the requests behind them.
 */
export function onePerClient(clients: readonly ClientFigures[]): readonly ClientFigures[] {
  const merged = new Map<string, ClientFigures>();
  for (const client of clients) {
    const key = `${client.kind} ${client.clientId}`;
    const known = merged.get(key);
    merged.set(key, known === undefined ? client : mergedFigures(known, client));
  }
  return [...merged.values()];
}

function mergedFigures(a: ClientFigures, b: ClientFigures): ClientFigures {
  const groups = new Map(a.groups.map((group) => [keyOf(group), group]));
  for (const group of b.groups) {
    const known = groups.get(keyOf(group));
    groups.set(keyOf(group), known === undefined ? group : mergedGroup(known, group));
  }
  return { ...a, startedAt: Math.min(a.startedAt, b.startedAt), groups: [...groups.values()] };
}

function mergedGroup(a: FigureGroup, b: FigureGroup): FigureGroup {
  const values: Record<string, number> = { ...a.values };
  for (const [attribute, value] of Object.entries(b.values)) {
    const own = a.values[attribute];
    values[attribute] = own === undefined ? value : mergedValue(attribute, [own, value], [a, b]);
  }
  return { ...a, values };
}

function mergedValue(attribute: string, values: readonly [number, number], groups: readonly FigureGroup[]): number {
  const [a, b] = values;
  if (Number.isNaN(a)) return b;
  if (Number.isNaN(b)) return a;
  if (attribute.endsWith('-max')) return Math.max(a, b);
  if (attribute.endsWith('-min') || attribute === 'metadata-age') return Math.min(a, b);
  if (!attribute.endsWith('-avg')) return a + b;
  const [ofA = 0, ofB = 0] = groups.map((group) => group.values['request-rate'] ?? 0);
  return ofA + ofB === 0 ? (a + b) / 2 : (a * ofA + b * ofB) / (ofA + ofB);
}

function keyOf({ type, tags }: FigureGroup): string {
  return JSON.stringify([type, Object.entries(tags).sort()]);
}
