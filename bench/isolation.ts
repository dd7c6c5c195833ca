/**
 * `node scripts/run-ts.mjs bench/isolation.ts` (after `npm run build`): what task.isolation costs. The same lines go file -> topic -> file on
 * the embedded broker, in turn with each isolation, in one run. Read the ratios; the first round warms the disk and is left out.
 */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runHoldfast } from '../test/support/holdfast-process.ts';
import { freePort } from '../test/support/ports.ts';
import { processUsage } from '../test/support/process-usage.ts';
import { writeProperties } from '../test/support/properties-file.ts';
import { tempDir } from '../test/support/temp-dir.ts';
import { connectorConfig, FLOWS, LINE_BYTES, RECORDS } from './flows.ts';

const ROUNDS = 3;
const ISOLATIONS = ['inline', 'shared', 'own'];
const TIMEOUT_MS = 180_000;

interface Measured {
  readonly ms: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

const dir = tempDir('bench-isolation');
const input = join(dir, 'in.txt');
writeFileSync(input, `${'x'.repeat(LINE_BYTES)}\n`.repeat(RECORDS));
const measured = new Map<string, Measured[]>(ISOLATIONS.map((isolation) => [isolation, []]));
for (let round = 0; round <= ROUNDS; round++) {
  for (const isolation of ISOLATIONS) {
    const result = await run(isolation, join(dir, `${isolation}-${round}`));
    if (round > 0) measured.get(isolation)?.push(result);
  }
}
const lines = [
  `# task.isolation: ${RECORDS.toLocaleString('en-US')} lines of ${LINE_BYTES} bytes, file -> topic -> file, embedded broker, Node ${process.version}, median of ${ROUNDS}`,
  '',
  '| isolation | records/s | to inline | CPU s | peak MiB |',
  '|---|---|---|---|---|',
];
const inline = median((measured.get('inline') ?? []).map(({ ms }) => ms));
for (const [isolation, results] of measured) {
  const ms = median(results.map((each) => each.ms));
  const cpu = median(results.map(({ cpuSeconds }) => cpuSeconds));
  const peak = median(results.map(({ peakMb }) => peakMb));
  lines.push(
    `| ${isolation} | ${Math.round(RECORDS / (ms / 1_000)).toLocaleString('en-US')} | ${(inline / ms).toFixed(2)} | ${cpu.toFixed(1)} | ${Math.round(peak)} |`,
  );
}
console.log(lines.join('\n'));
mkdirSync('bench/results', { recursive: true });
writeFileSync('bench/results/isolation.md', `${lines.join('\n')}\n`);

/** From the start of the process to the last byte in the output. */
async function run(isolation: string, folder: string): Promise<Measured> {
  mkdirSync(folder);
  const output = join(folder, 'out.txt');
  const worker = join(folder, 'worker.properties');
  writeProperties(worker, {
    'bootstrap.servers': `embedded:${join(folder, 'broker')}`,
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
    listeners: `http://127.0.0.1:${await freePort()}`,
    'offset.storage.file.filename': join(folder, 'offsets'),
    'task.isolation': isolation,
    'task.host.threads': '2',
  });
  const files = FLOWS.slice(0, 2).map((flow, index) => {
    const file = join(folder, `connector-${index}.properties`);
    const config = connectorConfig(flow, flow.direction === 'file -> topic' ? input : output, 'lines');
    writeProperties(file, { name: `flow-${index}`, ...config });
    return file;
  });
  const startedAt = performance.now();
  const child = await runHoldfast(['standalone', worker, ...files], { cwd: folder });
  const size = statSync(input).size;
  while ((statSync(output, { throwIfNoEntry: false })?.size ?? 0) < size) {
    if (performance.now() - startedAt > TIMEOUT_MS) throw new Error(`${isolation} did not end in time`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const ms = performance.now() - startedAt;
  const usage = processUsage(child.pid);
  await child.stop();
  return { ms, cpuSeconds: usage.cpuSeconds, peakMb: usage.peakRssBytes / 2 ** 20 };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
