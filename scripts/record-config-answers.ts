// Records what Kafka 4.1.1, Java and Maven say of settings, .properties files and versions, for the unit tests.
// usage: node scripts/run-ts.mjs scripts/record-config-answers.ts
import { mkdirSync, writeFileSync } from 'node:fs';
import { PROBES, PROPERTIES_FILES, RANGES, VERSIONS } from '../test/support/config-probes.ts';
import { startJavaOracle } from '../test/support/java-oracle.ts';

const target = new URL('../test/fixtures/config/', import.meta.url);
mkdirSync(target, { recursive: true });
const write = (name: string, lines: readonly unknown[]): void =>
  writeFileSync(new URL(name, target), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));

const CLASSES = {
  standalone: 'org.apache.kafka.connect.runtime.standalone.StandaloneConfig',
  distributed: 'org.apache.kafka.connect.runtime.distributed.DistributedConfig',
  source: 'org.apache.kafka.connect.runtime.SourceConnectorConfig',
  sink: 'org.apache.kafka.connect.runtime.SinkConnectorConfig',
  producer: 'org.apache.kafka.clients.producer.ProducerConfig',
  consumer: 'org.apache.kafka.clients.consumer.ConsumerConfig',
  admin: 'org.apache.kafka.clients.admin.AdminClientConfig',
};

const oracle = await startJavaOracle({ main: 'ConfigOracle', with: ['ConnectWire'] });
const ask = async <T>(question: unknown): Promise<T> => ((await oracle.ask<T>([question])) as [T])[0];

// Most settings refuse the same texts in the same words, but for their names.
const refusals: string[] = [];
const definitions: object[] = [];
for (const [of, className] of Object.entries(CLASSES)) {
  const keys = await ask<{ name: string; refused: object }[]>({ op: 'definition', class: className, probes: PROBES });
  for (const { refused, ...key } of keys) {
    const text = JSON.stringify(refused).replaceAll(key.name, '{key}');
    if (!refusals.includes(text)) refusals.push(text);
    definitions.push({ of, ...key, refusals: refusals.indexOf(text) });
  }
}
write('definitions.jsonl', definitions);
write(
  'refusals.jsonl',
  refusals.map((text) => JSON.parse(text) as object),
);

const files: object[] = [];
for (const file of PROPERTIES_FILES) {
  const bytes = Buffer.from(file, 'latin1').toString('base64');
  files.push({ file, answer: await ask({ op: 'properties', bytes }) });
}
write('properties.jsonl', files);

const rows = await Promise.all(
  VERSIONS.map(async (a) => ({
    a,
    // Against all of them, in their order: -1, 0 or 1.
    signs: await oracle.ask<number>(VERSIONS.map((b) => ({ op: 'compare', a, b }))),
  })),
);
write('versions.jsonl', rows);

const ranges: object[] = [];
for (const range of RANGES) {
  ranges.push({ range, answer: await ask({ op: 'range', range, versions: VERSIONS }) });
}
write('version-ranges.jsonl', ranges);
await oracle.stop();
console.log(`${definitions.length} settings, ${files.length} files, ${rows.length} versions, ${ranges.length} ranges`);
