/**
 * `npm run bench`: a real Kafka 4.1.1, Kafka Connect 4.1.1 and Holdfast, the same flows on both workers in turn, three times in one run. Machines are noisy: read the
 * ratios. Both workers live through all rounds, so the first is cold for both and the later ones are warm.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { fetchJson } from '../test/support/fetch-json.ts';
import { startKafka } from '../test/support/kafka.ts';
import { processUsage, resetPeak } from '../test/support/process-usage.ts';
import { tempDir } from '../test/support/temp-dir.ts';
import { type Contender, startHoldfast, startKafkaConnect } from './contender.ts';
import { connectorConfig, FLOWS, type Flow, LINE_BYTES, RECORDS } from './flows.ts';

const ROUNDS = 3;
const FLOW_TIMEOUT_MS = 180_000;

interface Measured {
  readonly recordsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly peakMb: number;
}

const dir = tempDir('bench');
const input = join(dir, 'lines.txt');
const kafka = await startKafka({ jvmFlags: ['-Xms1G', '-Xmx1G', '-XX:+UseG1GC'] });
const client = new Kafka({ brokers: [kafka.bootstrapServers], logLevel: logLevel.NOTHING });
const admin = client.admin();
await admin.connect();
const lines: string[] = [];
const say = (text = ''): void => {
  console.log(text);
  lines.push(text);
};

try {
  writeLines(input);
  say(`# ${RECORDS.toLocaleString('en-US')} lines of ${LINE_BYTES} bytes, ${new Date().toISOString().slice(0, 10)}`);
  say();
  say(
    `${cpus().length} × ${cpus()[0]?.model ?? '?'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, Kafka and Kafka Connect 4.1.1. Command: \`npm run bench\`.`,
  );
  say();
  await start();
  await flows();
  // In a process of its own, from dist: this one runs through a transforming loader.
  for (const line of execFileSync(process.execPath, [join(import.meta.dirname, 'avro.mjs')], { encoding: 'utf8' })
    .trimEnd()
    .split('\n'))
    say(line);
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(`bench/results/${new Date().toISOString().slice(0, 10)}.md`, `${lines.join('\n')}\n`);
} finally {
  await admin.disconnect();
  await kafka.stop();
}

/** Start to REST, start to the first record in the topic, idle memory. */
async function start(): Promise<void> {
  const rows: Record<string, { ready: number[]; first: number[]; idle: number[] }> = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const open of [startHoldfast, startKafkaConnect]) {
      const topic = `first-${round}-${open.name}`;
      await createTopic(topic);
      const startedAt = performance.now();
      const watching = untilEnd(topic, 1).then(() => performance.now() - startedAt);
      const contender = await open(kafka.bootstrapServers, [
        { name: 'first', ...connectorConfig(FLOWS[0] as Flow, firstLine(), topic) },
      ]);
      const first = await watching;
      await contender.stop();
      const idle = await open(kafka.bootstrapServers);
      await sleep(3_000);
      const { rssBytes } = processUsage(idle.pid);
      await idle.stop();
      rows[contender.name] ??= { ready: [], first: [], idle: [] };
      rows[contender.name]?.ready.push(idle.restReadyMs);
      rows[contender.name]?.first.push(first);
      rows[contender.name]?.idle.push(rssBytes / 2 ** 20);
    }
  }
  say('| start (median of 3) | Holdfast | Kafka Connect | Holdfast / Kafka Connect |');
  say('|---|---|---|---|');
  const line = (label: string, key: 'ready' | 'first' | 'idle', unit: string): void => {
    const ours = median(rows['Holdfast']?.[key] ?? []);
    const theirs = median(rows['Kafka Connect']?.[key] ?? []);
    say(`| ${label} | ${ours.toFixed(0)} ${unit} | ${theirs.toFixed(0)} ${unit} | ${(ours / theirs).toFixed(2)} |`);
  };
  line('process start → REST ready', 'ready', 'ms');
  line('process start → first record in the topic', 'first', 'ms');
  line('idle memory (RSS)', 'idle', 'MB');
  say();
}

async function flows(): Promise<void> {
  const contenders = [await startHoldfast(kafka.bootstrapServers), await startKafkaConnect(kafka.bootstrapServers)];
  const results = new Map<string, Measured[]>();
  const topics = new Map<string, string>();
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const flow of FLOWS) {
        for (const contender of round % 2 === 0 ? contenders : [...contenders].reverse()) {
          const measured =
            flow.direction === 'file -> topic'
              ? await toTopic(contender, flow, round, topics)
              : await toFile(contender, flow, round, topics);
          const key = `${flow.name}|${contender.name}`;
          results.set(key, [...(results.get(key) ?? []), measured]);
          console.error(
            `round ${round + 1} ${flow.name}: ${contender.name} ${Math.round(measured.recordsPerSecond / 1000)} k/s`,
          );
        }
      }
    }
  } finally {
    for (const contender of contenders) await contender.stop();
  }
  say(
    '| flow | round | Holdfast k rec/s | Connect k rec/s | ratio | Holdfast CPU s/M | Connect CPU s/M | Holdfast peak MB | Connect peak MB |',
  );
  say('|---|---|---|---|---|---|---|---|---|');
  for (const flow of FLOWS) {
    const ours = results.get(`${flow.name}|Holdfast`) ?? [];
    const theirs = results.get(`${flow.name}|Kafka Connect`) ?? [];
    for (const [round, our] of ours.entries()) {
      const their = theirs[round];
      if (their !== undefined) say(`| ${flow.name} | ${round === 0 ? '1 (cold)' : round + 1} | ${cells(our, their)} |`);
    }
    const warm = ours
      .slice(1)
      .map((our, index) => our.recordsPerSecond / (theirs[index + 1]?.recordsPerSecond ?? Number.NaN));
    say(`| **${flow.name}** | **warm, median ratio** | | | **${median(warm).toFixed(2)}** | | | | |`);
  }
  say();
}

function cells(our: Measured, their: Measured): string {
  return [
    (our.recordsPerSecond / 1000).toFixed(0),
    (their.recordsPerSecond / 1000).toFixed(0),
    (our.recordsPerSecond / their.recordsPerSecond).toFixed(2),
    our.cpuSecondsPerMillion.toFixed(2),
    their.cpuSecondsPerMillion.toFixed(2),
    our.peakMb.toFixed(0),
    their.peakMb.toFixed(0),
  ].join(' | ');
}

/** From the first visible record to the last. */
async function toTopic(
  contender: Contender,
  flow: Flow,
  round: number,
  topics: Map<string, string>,
): Promise<Measured> {
  const topic = topicName(flow, contender, round);
  await createTopic(topic);
  topics.set(`${flow.name}|${contender.name}`, topic);
  return measure(contender, flow, connectorConfig(flow, input, topic), async () => {
    await untilEnd(topic, 1);
    const startedAt = performance.now();
    const seen = await endOffset(topic);
    await untilEnd(topic, RECORDS);
    return ((RECORDS - seen) / (performance.now() - startedAt)) * 1000;
  });
}

/** What the same worker wrote in this round, back into a file; from the first byte to the last. */
async function toFile(contender: Contender, flow: Flow, round: number, topics: Map<string, string>): Promise<Measured> {
  const source = FLOWS.find(
    ({ direction, converter }) => direction === 'file -> topic' && converter === flow.converter,
  );
  // Both read the topic that Holdfast wrote: the same bytes.
  const topic = topics.get(`${source?.name}|Holdfast`) ?? '';
  const output = join(dir, `${topicName(flow, contender, round)}.txt`);
  const bytes = statSync(input).size;
  return measure(contender, flow, connectorConfig(flow, output, topic), async () => {
    await until(() => sizeOf(output) > 0);
    const startedAt = performance.now();
    const seen = sizeOf(output);
    await until(() => sizeOf(output) >= bytes);
    const rate = (((bytes - seen) / bytes) * RECORDS * 1000) / (performance.now() - startedAt);
    if (sizeOf(output) !== bytes || !readFileSync(output).equals(readFileSync(input)))
      throw new Error(`${contender.name} wrote another file than it was given`);
    return rate;
  });
}

async function measure(
  contender: Contender,
  flow: Flow,
  config: Readonly<Record<string, string>>,
  run: () => Promise<number>,
): Promise<Measured> {
  const name = `bench-${flow.name.replace(/[^a-zA-Z]+/g, '-')}-${Date.now()}`;
  resetPeak(contender.pid);
  const before = processUsage(contender.pid);
  const created = await fetchJson(`${contender.restUrl}/connectors`, { method: 'POST', body: { name, config } });
  if (created.status !== 201)
    throw new Error(`${contender.name} refused the connector: ${JSON.stringify(created.body)}`);
  const recordsPerSecond = await run();
  const after = processUsage(contender.pid);
  await fetchJson(`${contender.restUrl}/connectors/${name}`, { method: 'DELETE' });
  return {
    recordsPerSecond,
    cpuSecondsPerMillion: ((after.cpuSeconds - before.cpuSeconds) / RECORDS) * 1_000_000,
    peakMb: after.peakRssBytes / 2 ** 20,
  };
}

function topicName(flow: Flow, contender: Contender, round: number): string {
  return `${flow.name}-${contender.name}-${round}`.replace(/[^a-zA-Z0-9]+/g, '-');
}

async function createTopic(topic: string): Promise<void> {
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }] });
}

async function endOffset(topic: string): Promise<number> {
  const [partition] = await admin.fetchTopicOffsets(topic);
  return Number(partition?.high ?? 0);
}

async function untilEnd(topic: string, offset: number): Promise<void> {
  await until(async () => (await endOffset(topic)) >= offset);
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + FLOW_TIMEOUT_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('a flow did not end in time');
    await sleep(10);
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function firstLine(): string {
  const file = join(dir, 'first.txt');
  writeFileSync(file, 'one line\n');
  return file;
}

function writeLines(file: string): void {
  const filling = 'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(4);
  const chunks: string[] = [];
  for (let n = 0; n < RECORDS; n += 1)
    chunks.push(`${String(n).padStart(10, '0')}${filling.slice(0, LINE_BYTES - 10)}\n`);
  writeFileSync(file, chunks.join(''));
}
