/**
 * `npm run bench:schemas -- [--schemas N] [--records N] [--out FILE]`: time, processor time and memory of `holdfast schemas` with a registry
 * of N schemas (50,000) over a real Kafka, a node of the embedded registry as the live one, and with a topic of N records (1,000,000; 0: not)
 * that no registry reads. Prints a table in markdown, and writes docs/schemas-recovery-figures.md, or FILE, unless it was run with other sizes
 * and without --out. What fails or can't be run for that is a row of the table, and the exit code is 1.
 */
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { createKafkaBroker } from '../src/broker/kafka/kafka-broker.ts';
import type { Broker } from '../src/broker/ports.ts';
import { systemClock } from '../src/foundation/clock.ts';
import { silentLogger } from '../src/foundation/logger.ts';
import { startKafka } from '../test/support/kafka.ts';
import { appendTo, type ProducedRecord } from '../test/support/recovery/lived-topic.ts';
import { confluent } from '../test/support/recovery/record-bytes.ts';
import { RegistryProcesses } from '../test/support/registry-processes.ts';
import { tempDir } from '../test/support/temp-dir.ts';
import { createTopic } from '../test/support/topic-content.ts';
import { Measuring } from './schemas-measuring.ts';

const DEFAULT_SCHEMAS = 50_000;
const DEFAULT_RECORDS = 1_000_000;
const FIGURES = 'docs/schemas-recovery-figures.md';
const VERSIONS = 5;
/** Below are the probes of the harness. */
const FIRST_ID = 1_000;
const CHUNK = 5_000;
/** Of a topic that is mended: one schema in so many was deleted, one record in so many is garbage. */
const DAMAGED = 10;

const { schemas, records, out } = options();
const dir = tempDir('bench-schemas');
const measuring = new Measuring({ cwd: dir });

function options(): { readonly schemas: number; readonly records: number; readonly out: string | undefined } {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { schemas: text, records: text, out: text } });
  const sizes = {
    schemas: count(values.schemas, DEFAULT_SCHEMAS, '--schemas'),
    records: count(values.records, DEFAULT_RECORDS, '--records'),
  };
  const isWhole = sizes.schemas === DEFAULT_SCHEMAS && sizes.records === DEFAULT_RECORDS;
  return { ...sizes, out: values.out ?? (isWhole ? FIGURES : undefined) };
}

function count(text: string | undefined, preset: number, flag: string): number {
  const number = text === undefined ? preset : Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${flag} must be a number of records, not ${text}`);
  return number;
}

/** A schema of some 500 bytes, as they are in practice. */
function schemaRecord(n: number): ProducedRecord {
  const fields = Array.from({ length: 8 }, (_, f) => `{"name":"field_${n % 97}_${f}","type":["null","string"]}`);
  const schema = `{"type":"record","name":"Event${n}","namespace":"com.example.bench","fields":[${fields.join(',')}]}`;
  const subject = `team-${Math.floor(n / VERSIONS) % 50}.topic-${Math.floor(n / VERSIONS)}-value`;
  return confluent.schema({ subject, version: 1 + (n % VERSIONS), id: FIRST_ID + n, schema });
}

async function fill(
  broker: Broker,
  topic: string,
  length: number,
  record: (n: number) => ProducedRecord,
): Promise<void> {
  for (let from = 0; from < length; from += CHUNK) {
    const chunk = Array.from({ length: Math.min(CHUNK, length - from) }, (_, n) => record(from + n));
    await appendTo(broker, topic, chunk);
  }
  measuring.say(`${length.toLocaleString('en')} records written into ${topic}`);
}

const kafka = await startKafka();
const { bootstrapServers } = kafka;
const servers = ['--bootstrap-servers', bootstrapServers];
/** A topic that no registry reads; the registry of another topic runs beside it. */
const elsewhere = (name: string): readonly string[] => [
  ...servers,
  ...['--topic', name, '--group-id', `g-${name}`, '--other-group-ok', '*'],
];
try {
  await ofRegistry();
  if (records > 0) await withoutRegistry();
} catch (error) {
  console.error(error);
  measuring.left('all that would have followed', (error as Error).message.split('\n')[0] ?? '');
} finally {
  await kafka.remove();
  const text = figures();
  console.log(text);
  if (out !== undefined) writeFileSync(out, text);
  if (measuring.failures > 0) process.exitCode = 1;
}

async function ofRegistry(): Promise<void> {
  const registry = await RegistryProcesses.start({ bootstrapServers, vendor: 'confluent', nodes: 1 });
  try {
    const { broker, topic, groupId } = registry;
    const at = [...servers, '--topic', topic, '--group-id', groupId];
    const rest = ['--registry', registry.url(0)];
    const backups = join(dir, 'backups');
    await fill(broker, topic, schemas, schemaRecord);
    await measuring.command('backup of the topic', ['backup', ...at, '--to', backups, '--full']);
    const full = ['backup', ...at, ...rest, '--to', backups, '--full'];
    await measuring.command('backup of the topic and what a node tells', full);
    await fill(broker, topic, 10, (n) => schemaRecord(schemas + n));
    await measuring.command('backup of 10 more, incremental', ['backup', ...at, '--to', backups]);
    await measuring.command('verify of the backup', ['verify', backups], [0, 4]);
    await measuring.command('verify of topic against node', ['verify', 'topic', ...at, ...rest], [0, 4]);
    await measuring.command('drill into a scratch topic', ['drill', backups, ...elsewhere('drilled')]);
    if (await intoNewTopic(backups, 'restored')) await mendTopic(broker, backups, 'restored');
    await throughRegistry(backups);
  } finally {
    await registry.stop();
  }
}

async function intoNewTopic(backups: string, topic: string): Promise<boolean> {
  const plan = join(dir, `${topic}.ndjson`);
  const restore = ['restore', backups, '--into', 'new-topic', ...elsewhere(topic), '--plan', plan];
  const isPlanned = await measuring.command('restore into a new topic: plan', restore);
  const run = 'restore into a new topic: run and read back';
  if (isPlanned) return measuring.command(run, ['apply', plan, ...elsewhere(topic), '--yes']);
  measuring.left(run, 'there is no plan');
  return false;
}

async function mendTopic(broker: Broker, backups: string, topic: string): Promise<void> {
  const gone = Math.ceil(schemas / DAMAGED);
  await fill(broker, topic, gone, (n) => ({ ...schemaRecord(n * DAMAGED), value: null }));
  const inPlace = ['restore', backups, '--into', 'in-place', ...elsewhere(topic), '--yes'];
  await measuring.command(`restore in place of ${gone.toLocaleString('en')} that were deleted`, inPlace);
  await fill(broker, topic, gone, (n) => ({ ...schemaRecord(n * DAMAGED), value: Buffer.from(`{"garbled":${n}`) }));
  const repair = ['repair', 'corrupt-records', '--backup', join(dir, 'repair'), ...elsewhere(topic), '--yes'];
  await measuring.command(`repair of ${gone.toLocaleString('en')} corrupt records`, repair);
}

async function throughRegistry(backups: string): Promise<void> {
  const other = await RegistryProcesses.start({ bootstrapServers, vendor: 'confluent', nodes: 1 });
  try {
    const into = ['--registry', other.url(0)];
    const plan = join(dir, 'import.ndjson');
    const restore = ['restore', backups, '--into', 'registry', ...into, '--plan', plan];
    const isPlanned = await measuring.command('restore through a registry: plan', restore);
    const run = 'restore through a registry: run and ask for each';
    if (isPlanned) await measuring.command(run, ['apply', plan, ...into, '--yes']);
    else measuring.left(run, 'there is no plan');
  } finally {
    await other.stop();
  }
}

async function withoutRegistry(): Promise<void> {
  const broker = createKafkaBroker({ bootstrapServers, logger: silentLogger, clock: systemClock });
  const many = join(dir, 'many');
  const at = elsewhere('many');
  const size = `${records.toLocaleString('en')} records`;
  await createTopic(broker, 'many', 1, { 'cleanup.policy': 'compact' });
  await fill(broker, 'many', records, schemaRecord);
  const isThere = await measuring.command(`backup of ${size}`, ['backup', ...at, '--to', many]);
  if (!isThere) {
    measuring.left(`verify, list and restore of ${size}`, 'there is no backup');
    return;
  }
  await fill(broker, 'many', 10, (n) => schemaRecord(records + n));
  await measuring.command(`backup of 10 more than ${size}, incremental`, ['backup', ...at, '--to', many]);
  await measuring.command(`list --check of both backups`, ['list', many, '--check']);
  await measuring.command(`verify of ${size}`, ['verify', many], [0, 4]);
  const plan = join(dir, 'many.ndjson');
  const into = elsewhere('many-restored');
  const restore = ['restore', many, '--into', 'new-topic', ...into, '--plan', plan];
  const run = `restore of ${size} into a new topic: run and read back`;
  if (await measuring.command(`restore of ${size} into a new topic: plan`, restore)) {
    const isRestored = await measuring.command(run, ['apply', plan, ...into, '--yes']);
    if (isRestored) await bringBack(broker, many, 'many-restored');
    else measuring.left(`restore in place into ${size}`, 'there is no topic');
  } else measuring.left(run, 'there is no plan');
  const only = ['--only', 'team-7.*', '--map', ':.:=:.other:', '--plan', join(dir, 'only.ndjson')];
  await measuring.command(`restore --only --map of a fiftieth of ${size}: plan`, [
    ...['restore', many, '--into', 'new-topic'],
    ...[...elsewhere('only-restored'), ...only],
  ]);
}

async function bringBack(broker: Broker, backups: string, topic: string): Promise<void> {
  const gone = Math.ceil(records / DAMAGED);
  await fill(broker, topic, gone, (n) => ({ ...schemaRecord(n * DAMAGED), value: null }));
  const plan = join(dir, 'in-place.ndjson');
  const what = `restore in place of ${gone.toLocaleString('en')} that were deleted of ${records.toLocaleString('en')} records`;
  const restore = ['restore', backups, '--into', 'in-place', ...elsewhere(topic), '--plan', plan];
  const run = `${what}: run and read back`;
  if (await measuring.command(`${what}: plan`, restore)) {
    await measuring.command(run, ['apply', plan, ...elsewhere(topic), '--yes']);
  } else measuring.left(run, 'there is no plan');
}

function figures(): string {
  return [
    '# How long recovery takes, and how much memory',
    '',
    `\`npm run bench:schemas\`, ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} cores, ` +
      `${Math.round(totalmem() / 2 ** 30)} GB, one Kafka 4.1.1 and one node of the embedded registry on the same machine. A registry of ` +
      `${schemas.toLocaleString('en')} schemas of some 500 bytes, ${VERSIONS} versions a subject` +
      `${records === 0 ? '' : `, and a topic of ${records.toLocaleString('en')} records of the same kind that no registry reads`}. ` +
      'Processor is the time of all its cores, memory the peak of resident memory of the command, of which node itself has some 60 MB.',
    '',
    ...measuring.table(),
    '',
  ].join('\n');
}
