/**
 * `npm run bench:profile`: where the worker's time goes while a file flows into a topic of a real Kafka and back into a file. Self time by part of the code, from V8's
 * sampling profiler.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runHoldfast } from '../test/support/holdfast-process.ts';
import { startKafka } from '../test/support/kafka.ts';
import { freePort } from '../test/support/ports.ts';
import { writeProperties } from '../test/support/properties-file.ts';
import { tempDir } from '../test/support/temp-dir.ts';
import { connectorConfig, FLOWS, LINE_BYTES, RECORDS } from './flows.ts';

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const dir = tempDir('profile');
const kafka = await startKafka({ jvmFlags: ['-Xms1G', '-Xmx1G', '-XX:+UseG1GC'] });
const input = join(dir, 'in.txt');
writeFileSync(input, `${'x'.repeat(LINE_BYTES)}\n`.repeat(RECORDS));
const lines: string[] = [];
try {
  for (const flow of FLOWS.slice(0, 2)) {
    const file = flow.direction === 'file -> topic' ? input : join(dir, 'out.txt');
    const profiles = join(dir, flow.direction.replace(/\W+/g, '-'));
    const worker = join(dir, 'worker.properties');
    writeProperties(worker, {
      'bootstrap.servers': kafka.bootstrapServers,
      'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
      listeners: `http://127.0.0.1:${await freePort()}`,
      'offset.storage.file.filename': join(dir, 'offsets'),
    });
    const connector = join(dir, 'connector.properties');
    writeProperties(connector, { name: 'profile', ...connectorConfig(flow, file, 'profiled') });
    const child = await runHoldfast(['standalone', worker, connector], {
      cwd: dir,
      nodeFlags: ['--cpu-prof', `--cpu-prof-dir=${profiles}`],
    });
    // A source's end is not visible in the file: the slowest seen needs a third of this.
    const deadline = Date.now() + 15_000;
    const size = statSync(input).size;
    while (Date.now() < deadline && (flow.direction === 'file -> topic' || sizeOf(file) < size))
      await new Promise((resolve) => setTimeout(resolve, 50));
    await child.stop();
    report(flow.name, join(profiles, readdirSync(profiles)[0] ?? ''));
  }
} finally {
  await kafka.stop();
}
mkdirSync('bench/results', { recursive: true });
writeFileSync('bench/results/profile.md', `${lines.join('\n')}\n`);

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function report(flow: string, path: string): void {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(path, 'utf8')) as CpuProfile;
  const frames = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const parts = new Map<string, number>();
  let busy = 0;
  for (const [index, sample] of samples.entries()) {
    const frame = frames.get(sample);
    if (frame === undefined || frame.functionName === '(idle)' || frame.functionName === '(program)') continue;
    const part = partOf(frame.functionName, frame.url);
    const micros = timeDeltas[index] ?? 0;
    busy += micros;
    parts.set(part, (parts.get(part) ?? 0) + micros);
  }
  const say = (text: string): void => {
    console.log(text);
    lines.push(text);
  };
  say(
    `## ${flow}: ${RECORDS.toLocaleString('en-US')} records, ${(busy / 1e6).toFixed(2)} s of JavaScript, start included`,
  );
  say('');
  say('| part | share |');
  say('|---|---|');
  for (const [part, micros] of [...parts].sort(([, a], [, b]) => b - a).slice(0, 14))
    say(`| ${part} | ${((micros / busy) * 100).toFixed(1)} % |`);
  say('');
}

function partOf(name: string, url: string): string {
  if (name === '(garbage collector)') return 'garbage collector';
  const ours = /dist\/(src|connectors)\/(.+)\/[^/]+\.js$/.exec(url);
  if (ours !== null) return `${ours[1] === 'src' ? '' : 'connectors/'}${ours[2]}`;
  const dependency = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url);
  if (dependency !== null) return `npm: ${dependency[1]}`;
  return url.startsWith('node:') ? url.replace(/^node:/, 'node: ') : 'native code';
}
