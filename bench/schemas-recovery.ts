/**
 * `npm run bench:schemas`: time and memory of `holdfast schemas` with a registry of 50,000 schemas (BENCH_SCHEMAS) over a real Kafka, a node of
 * the embedded registry as the live one, and with a topic of 1,000,000 records (BENCH_RECORDS; 0: not). Writes docs/schemas-recovery-figures.md.
 */
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Broker } from '../src/broker/ports.ts';
import { runHoldfast } from '../test/support/holdfast-process.ts';
import { startKafka } from '../test/support/kafka.ts';
import { processUsage } from '../test/support/process-usage.ts';
import { appendTo, type ProducedRecord } from '../test/support/recovery/lived-topic.ts';
import { confluent } from '../test/support/recovery/record-bytes.ts';
import { RegistryProcesses } from '../test/support/registry-processes.ts';
import { tempDir } from '../test/support/temp-dir.ts';
import { createTopic } from '../test/support/topic-content.ts';

const SCHEMAS = Number(process.env['BENCH_SCHEMAS'] ?? 50_000);
const RECORDS = Number(process.env['BENCH_RECORDS'] ?? 1_000_000);
const VERSIONS = 5;
/** Below are the probes of the harness. */
const FIRST_ID = 1_000;
const CHUNK = 5_000;

interface Measured {
  readonly what: string;
  readonly seconds: number;
  readonly peakMb: number;
}

const rows: Measured[] = [];
const dir = tempDir('bench-schemas');

/** Runs a command to its end; throws unless it ends with one of the codes. */
async function measured(what: string, args: readonly string[], codes: readonly number[] = [0]): Promise<void> {
  const begun = performance.now();
  const command = await runHoldfast(['schemas', ...args], { cwd: dir });
  const ended = command.waitForExit();
  let peak = 0;
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  while (!isOver) {
    try {
      peak = Math.max(peak, processUsage(command.pid).peakRssBytes);
    } catch {
      // It has just ended.
    }
    await Promise.race([delay(20), ended]);
  }
  const { code } = await ended;
  const seconds = (performance.now() - begun) / 1000;
  if (!codes.includes(code ?? -1))
    throw new Error(`${what} ended with ${code}:\n${command.lines.slice(-30).join('\n')}`);
  rows.push({ what, seconds, peakMb: peak / 2 ** 20 });
  console.log(`${what}: ${seconds.toFixed(1)} s, ${Math.round(peak / 2 ** 20)} MB`);
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
  count: number,
  record: (n: number) => ProducedRecord,
): Promise<void> {
  for (let from = 0; from < count; from += CHUNK) {
    const length = Math.min(CHUNK, count - from);
    await appendTo(
      broker,
      topic,
      Array.from({ length }, (_, n) => record(from + n)),
    );
  }
}

const kafka = await startKafka();
const { bootstrapServers } = kafka;
const registry = await RegistryProcesses.start({ bootstrapServers, vendor: 'confluent', nodes: 1 });
const { broker, topic, groupId } = registry;
const at = ['--bootstrap-servers', bootstrapServers, '--topic', topic, '--group-id', groupId];
const elsewhere = (name: string): readonly string[] => [
  '--bootstrap-servers',
  bootstrapServers,
  '--topic',
  name,
  '--group-id',
  `g-${name}`,
];
const backups = join(dir, 'backups');
try {
  await fill(broker, topic, SCHEMAS, schemaRecord);
  const rest = ['--registry', registry.url(0)];
  await measured('backup of the topic', ['backup', ...at, '--to', backups, '--full']);
  await measured('backup of the topic and what a node tells', ['backup', ...at, ...rest, '--to', backups, '--full']);
  await fill(broker, topic, 10, (n) => schemaRecord(SCHEMAS + n));
  await measured('backup of 10 more, incremental', ['backup', ...at, '--to', backups]);
  await measured('verify of the backup', ['verify', backups], [0, 4]);
  await measured('verify of topic against node', ['verify', 'topic', ...at, ...rest], [0, 4]);
  await measured('drill into a scratch topic', ['drill', backups, ...elsewhere('drilled')]);
  const plan = join(dir, 'plan.ndjson');
  await measured('restore into a new topic: plan', [
    'restore',
    backups,
    '--into',
    'new-topic',
    ...elsewhere('restored'),
    '--plan',
    plan,
  ]);
  await measured('restore into a new topic: run and read back', ['apply', plan, ...elsewhere('restored'), '--yes']);
  const other = await RegistryProcesses.start({ bootstrapServers, vendor: 'confluent', nodes: 1 });
  try {
    const into = ['--registry', other.url(0)];
    const import_ = join(dir, 'import.ndjson');
    await measured('restore through a registry: plan', [
      'restore',
      backups,
      '--into',
      'registry',
      ...into,
      '--plan',
      import_,
    ]);
    await measured('restore through a registry: run and ask for each', ['apply', import_, ...into, '--yes']);
  } finally {
    await other.stop();
  }
  if (RECORDS > 0) {
    await createTopic(broker, 'million', 1, { 'cleanup.policy': 'compact' });
    await fill(broker, 'million', RECORDS, (n) => schemaRecord(n));
    const many = join(dir, 'million');
    await measured(`backup of ${RECORDS.toLocaleString('en')} records`, [
      'backup',
      ...elsewhere('million'),
      '--to',
      many,
    ]);
    await measured(`verify of ${RECORDS.toLocaleString('en')} records`, ['verify', many], [0, 4]);
  }
} finally {
  await registry.stop();
  await kafka.remove();
  const text = figures();
  console.log(text);
  writeFileSync('docs/schemas-recovery-figures.md', text);
}

function figures(): string {
  const table = rows.map(
    ({ what, seconds, peakMb }) => `| ${what} | ${seconds.toFixed(1)} s | ${Math.round(peakMb)} MB |`,
  );
  return [
    '# How long recovery takes, and how much memory',
    '',
    `\`npm run bench:schemas\`, ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} cores, ` +
      `${Math.round(totalmem() / 2 ** 30)} GB, one Kafka 4.1.1 and one node of the embedded registry on the same machine. A registry of ` +
      `${SCHEMAS.toLocaleString('en')} schemas of some 500 bytes, ${VERSIONS} versions a subject. Memory is the peak of resident memory of the command, ` +
      'of which node itself has some 60 MB.',
    '',
    '| command | time | memory |',
    '|---|---|---|',
    ...table,
    '',
  ].join('\n');
}
