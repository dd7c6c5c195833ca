import avsc from 'avsc';
import type { Broker, FetchedRecord } from '../../src/broker/ports.ts';
import { decodeRecord } from '../../src/embedded-registry/registry-record.ts';
import { fetchJson } from './fetch-json.ts';
import { readTopic } from './topic-content.ts';
import { eventually } from './worker-process.ts';

/*
 * What has to hold after every chaos scenario, whatever registry it ran against, looked at from outside: in the topics, in the sinks'
 * output, at the registry's nodes and in its log.
 */

/** A topic with Avro values that carry a `seq`, and what came out of it. */
export interface ExpectedTopic {
  readonly topic: string;
  /** Every sequence number once; within a partition they are in this order. */
  readonly sequence: readonly number[];
  /** The full name of the Avro record that this number was written with. */
  readonly schemaName: (seq: number) => string;
  /** What the sink has written, in the order of its output; left out for a topic without one. */
  readonly delivered?: readonly number[];
}

/** A schema and the id that the registry acknowledged for it, or that its log holds for it. */
export interface RegisteredSchema {
  readonly id: number;
  readonly subject: string;
  readonly schema: string;
}

export interface ChaosEvidence {
  readonly broker: Broker;
  readonly topics: readonly ExpectedTopic[];
  /** Base URL of every node that runs; each has to know every id. */
  readonly nodes: readonly string[];
  /** Connectors and tasks that are FAILED, with their traces. */
  readonly failures: readonly string[];
  /** Dead letter queues; a topic that isn't there is empty. */
  readonly deadLetters: readonly string[];
  /** What was acknowledged to clients of the test's own. */
  readonly acknowledged: readonly RegisteredSchema[];
  /**
   * Every schema record in the registry's log, in order; left out where it can't be read. Then it is also looked at whether
   * somebody was told of each id in it.
   */
  readonly log?: readonly RegisteredSchema[];
  /** Registrations of the test's own that ended without an acknowledgement: they may be in the log. */
  readonly unanswered?: readonly Pick<RegisteredSchema, 'subject' | 'schema'>[];
  /** How long a node may take to answer for an id, as it may have come back just now; 15,000 ms unless told. */
  readonly patienceMs?: number;
}

/** How much was looked at, for the line of a scenario. */
export interface VerifiedScenario {
  readonly records: number;
  readonly ids: number;
  readonly nodes: number;
  /** Ids in the log that only clients without an answer may have asked for. */
  readonly unanswered: number;
}

/** Rejects with every violation that was found, one per line. */
export async function verifyScenario(evidence: ChaosEvidence): Promise<VerifiedScenario> {
  const violations: string[] = evidence.failures.map((failure) => `FAILED: ${failure}`);
  const resolver = new IdResolver(evidence.nodes, evidence.patienceMs ?? 15_000);
  let records = 0;
  for (const expected of evidence.topics) {
    const partitions = await readTopic(evidence.broker, expected.topic);
    records += partitions.flat().length;
    violations.push(...(await wrongInTopic(expected, partitions, resolver)));
  }
  for (const topic of evidence.deadLetters) {
    const letters = (await readTopic(evidence.broker, topic)).flat().length;
    if (letters > 0) violations.push(`${letters} records in the dead letter queue ${topic}`);
  }
  const acknowledged = new Map(evidence.acknowledged.map((one) => [one.id, one]));
  for (const { id, subject, schema } of evidence.acknowledged) {
    if (typeOf(acknowledged.get(id)?.schema ?? '') !== typeOf(schema)) {
      violations.push(`id ${id} was acknowledged for two schemas, one of them of subject ${subject}`);
    }
    for (const [node, text] of await resolver.texts(id)) {
      if (typeOf(text) !== typeOf(schema)) violations.push(`id ${id} of subject ${subject} is at ${node}: ${text}`);
    }
  }
  const inLog = evidence.log === undefined ? { violations: [], unanswered: 0 } : wrongInLog(evidence, resolver.ids);
  violations.push(...inLog.violations);
  if (violations.length > 0) {
    const shown = [...violations.slice(0, 40), ...(violations.length > 40 ? [`… ${violations.length} in all`] : [])];
    throw new Error(`the scenario broke what has to hold:\n${shown.join('\n')}`);
  }
  return { records, ids: resolver.ids.size, nodes: evidence.nodes.length, unanswered: inLog.unanswered };
}

/** Every schema record in the topic of a registry with Confluent's format, in order, those that were deleted since included. */
export async function schemasInLog(broker: Broker, topic = '_schemas'): Promise<readonly RegisteredSchema[]> {
  const records = (await readTopic(broker, topic)).flat();
  return records.flatMap(({ key, value }) => {
    const decoded = decodeRecord(key, value);
    if (decoded.kind === 'unreadable' || decoded.record.keytype !== 'SCHEMA' || decoded.record.value === null)
      return [];
    const { id, subject, schema } = decoded.record.value;
    return [{ id, subject, schema }];
  });
}

/** One line for a scenario, so that a run can be read as a table. */
export function scenarioLine(name: string, figures: Readonly<Record<string, number | string>>): string {
  const shown = Object.entries(figures).map(
    ([key, value]) => `${key} ${typeof value === 'number' ? Math.round(value) : value}`,
  );
  return `CHAOS ${name}: ${shown.join(', ')}`;
}

async function wrongInTopic(
  { topic, sequence, schemaName, delivered }: ExpectedTopic,
  partitions: readonly (readonly FetchedRecord[])[],
  resolver: IdResolver,
): Promise<readonly string[]> {
  const violations: string[] = [];
  const place = new Map(sequence.map((seq, n) => [seq, n]));
  const partitionOf = new Map<number, number>();
  for (const [partition, records] of partitions.entries()) {
    const seqs: number[] = [];
    for (const record of records) {
      const read = await readValue(record, resolver);
      if ('violation' in read) {
        violations.push(`${topic}-${partition}@${record.offset}: ${read.violation}`);
        continue;
      }
      if (read.name !== schemaName(read.seq)) {
        const where = `${topic}-${partition}@${record.offset}`;
        violations.push(
          `${where}: number ${read.seq} has id ${read.id}, which is ${read.name} and not ${schemaName(read.seq)}`,
        );
      }
      if (partitionOf.has(read.seq)) violations.push(`${topic}: number ${read.seq} is there twice`);
      partitionOf.set(read.seq, partition);
      seqs.push(read.seq);
    }
    const outOfOrder = seqs.find((seq, n) => n > 0 && (place.get(seq) ?? -1) < (place.get(seqs[n - 1] ?? 0) ?? -1));
    if (outOfOrder !== undefined) violations.push(`${topic}-${partition}: number ${outOfOrder} comes too late`);
  }
  const missing = sequence.filter((seq) => !partitionOf.has(seq));
  if (missing.length > 0) violations.push(`${topic} lacks ${missing.length}: ${missing.slice(0, 10).join(' ')}`);
  const more = [...partitionOf.keys()].filter((seq) => !place.has(seq));
  if (more.length > 0) violations.push(`${topic} has ${more.length} that nobody sent: ${more.slice(0, 10).join(' ')}`);
  if (delivered !== undefined) violations.push(...wrongAtSink(topic, sequence, delivered, partitionOf));
  return violations;
}

function wrongAtSink(
  topic: string,
  sequence: readonly number[],
  delivered: readonly number[],
  partitionOf: ReadonlyMap<number, number>,
): readonly string[] {
  return [...new Set(partitionOf.values())].flatMap((partition) => {
    const expected = sequence.filter((seq) => partitionOf.get(seq) === partition);
    const came = delivered.filter((seq) => partitionOf.get(seq) === partition);
    const at = Array.from({ length: Math.max(expected.length, came.length) }).findIndex(
      (_, n) => came[n] !== expected[n],
    );
    if (at < 0) return [];
    return [
      `the sink of ${topic}-${partition} wrote ${came.length} of ${expected.length}; its record ${at} is ${came[at]} instead of ${expected[at]}`,
    ];
  });
}

async function readValue(
  { value }: FetchedRecord,
  resolver: IdResolver,
): Promise<{ readonly id: number; readonly seq: number; readonly name: string } | { readonly violation: string }> {
  const bytes = Buffer.from(value ?? []);
  if (bytes.length < 5 || bytes[0] !== 0) return { violation: 'no id in front' };
  const id = bytes.readUInt32BE(1);
  const texts = [...(await resolver.texts(id))];
  const [, first = ''] = texts[0] ?? [];
  const other = texts.find(([, text]) => typeOf(text) !== typeOf(first));
  if (other !== undefined) return { violation: `id ${id} is ${first} at one node and ${other[1]} at ${other[0]}` };
  try {
    const type = avsc.Type.forSchema(JSON.parse(first));
    const { seq } = type.fromBuffer(bytes.subarray(5)) as { readonly seq: number };
    return { id, seq: Number(seq), name: type.name ?? '' };
  } catch (error) {
    return { violation: `id ${id} does not read it: ${(error as Error).message}; at the registry it is ${first}` };
  }
}

/** Every id in the log was told to somebody, or may have been lost on the way; every id that was told is in the log. */
function wrongInLog(
  { log = [], acknowledged, unanswered = [] }: ChaosEvidence,
  inTopics: ReadonlySet<number>,
): { readonly violations: readonly string[]; readonly unanswered: number } {
  const violations: string[] = [];
  const typesOfId = new Map<number, string>();
  for (const { id, schema } of log) {
    const known = typesOfId.get(id);
    if (known !== undefined && known !== typeOf(schema)) violations.push(`the log has id ${id} for two schemas`);
    typesOfId.set(id, known ?? typeOf(schema));
  }
  for (const { id, subject, schema } of acknowledged) {
    if (typesOfId.get(id) !== typeOf(schema))
      violations.push(`id ${id} of subject ${subject} is not in the log as acknowledged`);
  }
  for (const id of inTopics) if (!typesOfId.has(id)) violations.push(`id ${id} is in a topic and not in the log`);
  const told = new Set([...acknowledged.map(({ id }) => id), ...inTopics]);
  const mayBeThere = new Set(unanswered.map(({ subject, schema }) => `${subject}\n${typeOf(schema)}`));
  const untold = log.filter(({ id }) => !told.has(id));
  for (const { id, subject, schema } of untold) {
    if (!mayBeThere.has(`${subject}\n${typeOf(schema)}`))
      violations.push(`nobody was told of id ${id}, subject ${subject}`);
  }
  return { violations, unanswered: new Set(untold.map(({ id }) => id)).size };
}

/** Asks every node for an id, once; a node that does not answer, or does not know it yet, is asked again for a while. */
class IdResolver {
  readonly ids = new Set<number>();
  private readonly nodes: readonly string[];
  private readonly patienceMs: number;
  private readonly known = new Map<number, ReadonlyMap<string, string>>();

  constructor(nodes: readonly string[], patienceMs: number) {
    this.nodes = nodes;
    this.patienceMs = patienceMs;
  }

  /** The schema text by node. */
  async texts(id: number): Promise<ReadonlyMap<string, string>> {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    this.ids.add(id);
    const texts = new Map<string, string>();
    for (const node of this.nodes) {
      const text = await eventually(
        `id ${id} at ${node}`,
        async () => {
          const { status, body } = await fetchJson(`${node}/schemas/ids/${id}`, { signal: AbortSignal.timeout(2_000) });
          return status === 200 && String(body.schema);
        },
        this.patienceMs,
      ).catch((error: unknown) => `nothing (${(error as Error).message})`);
      texts.set(node, text);
    }
    this.known.set(id, texts);
    return texts;
  }
}

const types = new Map<string, string>();

/** Texts of one schema may differ in white space and in the order of attributes; what counts is what they read. */
function typeOf(text: string): string {
  const known = types.get(text);
  if (known !== undefined) return known;
  let type = text;
  try {
    type = JSON.stringify(avsc.Type.forSchema(JSON.parse(text)).schema({ exportAttrs: false }));
  } catch {
    // Not Avro: the text stands for itself.
  }
  types.set(text, type);
  return type;
}
