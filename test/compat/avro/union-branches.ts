/** Values that two converters put into different branches of a union. */
import type { Read, Written } from '../../support/avro-comparison.ts';
import { comparable, type Wire } from '../../support/connect-wire.ts';

interface SchemaNode {
  readonly type: string;
  readonly optional: boolean;
  readonly name?: string | null;
  readonly cycle?: string | null;
  readonly parameters?: readonly (readonly [string, string])[];
  readonly fields?: readonly { readonly schema: SchemaNode }[];
  readonly key?: SchemaNode;
  readonly value?: SchemaNode;
}

export interface MovedValue {
  readonly isOptional: boolean;
  /** The fields of the union: ours, and Java's. */
  readonly ours: Branch;
  readonly java: Branch;
}

interface Branch {
  readonly index: number;
  readonly type: string;
  readonly isFixed: boolean;
}

/** Of two values of the same schema; null if anything else differs, too. */
export function movedValues(ours: Read, java: Read): readonly MovedValue[] | null {
  return moved(ours.schema as unknown as SchemaNode, comparable(ours.value, true), comparable(java.value, true), []);
}

function moved(
  schema: SchemaNode | undefined,
  a: Wire | undefined,
  b: Wire | undefined,
  around: readonly SchemaNode[],
): readonly MovedValue[] | null {
  if (JSON.stringify(a) === JSON.stringify(b)) return [];
  const [one, other] = [itemsOf(a), itemsOf(b)];
  if (schema === undefined || one === null || other === null || one.length !== other.length) return null;
  if ('cycle' in schema) {
    const whole = around.findLast(({ type, name }) => type === schema.type && name === schema.cycle);
    return moved(whole && { ...whole, optional: schema.optional }, a, b, around);
  }
  const path = [...around, schema];
  if (schema.type === 'ARRAY') return all(one.map((each, index) => moved(schema.value, each, other[index], path)));
  if (schema.type === 'MAP') {
    return all(
      one.map((each, index) => {
        const [entry, otherEntry] = [each as readonly Wire[], other[index] as readonly Wire[]];
        return all([
          moved(schema.key, entry[0], otherEntry[0], path),
          moved(schema.value, entry[1], otherEntry[1], path),
        ]);
      }),
    );
  }
  const fields = schema.fields ?? [];
  const [from, to] = [one, other].map((values) => values.findIndex((each) => each !== null)) as [number, number];
  if (!isUnion(schema) || from === to) {
    return all(one.map((each, index) => moved(fields[index]?.schema, each, other[index], path)));
  }
  const branches = [from, to].map((index) => branchOf(fields[index]?.schema, index));
  const isOneOf = [one, other].every((values) => values.filter((each) => each !== null).length === 1);
  if (!isOneOf) return null;
  const here = { isOptional: schema.optional, ours: branches[0] as Branch, java: branches[1] as Branch };
  if (areSameBytes(one[from], other[to])) return [here];
  return all([[here], moved(fields[from]?.schema, one[from], other[to], path)]);
}

/** Whether one is read as bytes, and one as the Decimal that these bytes are. */
function areSameBytes(a: Wire | undefined, b: Wire | undefined): boolean {
  const [one, other] = [numberOf(a), numberOf(b)];
  return one !== null && one === other;
}

function numberOf(value: Wire | undefined): bigint | null {
  if (typeof value !== 'object' || value === null || !('t' in value)) return null;
  if (value.t === 'D') return BigInt(String(value['v']));
  if (value.t !== 'B') return null;
  const bytes = Buffer.from(String(value['v']), 'base64');
  return bytes.length === 0 ? null : BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`));
}

function itemsOf(value: Wire | undefined): readonly Wire[] | null {
  if (typeof value !== 'object' || value === null || !('t' in value)) return null;
  return ['L', 'M', 'R'].includes(String(value.t)) ? (value['v'] as readonly Wire[]) : null;
}

const all = (parts: readonly (readonly MovedValue[] | null)[]): readonly MovedValue[] | null =>
  parts.includes(null) ? null : parts.flatMap((part) => part ?? []);

const isUnion = ({ name, parameters }: SchemaNode): boolean =>
  name === 'io.confluent.connect.avro.Union' ||
  (parameters ?? []).some(([key]) => key === 'org.apache.kafka.connect.data.Union');

const branchOf = (schema: SchemaNode | undefined, index: number): Branch => ({
  index,
  type: schema?.type ?? '',
  isFixed: (schema?.parameters ?? []).some(([key]) => key === 'connect.fixed.size'),
});

/** Whether in place of a branch of a fixed type the last one of its size is written, and all else is the same. */
export function differInFixedBranches(ours: Written, java: Written): boolean {
  const [a, b] = [ours, java].map(({ bytes }) => Buffer.from(bytes ?? '', 'base64')) as [Buffer, Buffer];
  const known = swappedFixedBranches(JSON.parse(ours.avro), new Map());
  // An index below 64 is one byte, and twice itself.
  return a.length === b.length && a.every((each, at) => each === b[at] || known.has(`${each / 2} ${(b[at] ?? 0) / 2}`));
}

/** Pairs of an index and that of the last branch of the same size, of all unions of a schema. */
function swappedFixedBranches(avro: unknown, sizes: Map<unknown, unknown>): Set<string> {
  if (typeof avro !== 'object' || avro === null) return new Set();
  if ('size' in avro && 'name' in avro && 'type' in avro && avro.type === 'fixed') {
    const space = 'namespace' in avro ? `${String(avro.namespace)}.` : '';
    for (const name of [avro.name, `${space}${String(avro.name)}`]) sizes.set(name, avro.size);
  }
  const found = new Set(Object.values(avro).flatMap((each) => [...swappedFixedBranches(each, sizes)]));
  if (!Array.isArray(avro)) return found;
  const branches = avro.map((each) =>
    typeof each === 'object' && each?.type === 'fixed' ? each.size : sizes.get(each),
  );
  for (const [index, size] of branches.entries()) {
    const last = branches.lastIndexOf(size);
    if (size !== undefined && last !== index) found.add(`${index} ${last}`);
  }
  return found;
}
