// Records what Kafka Connect's own transformations make of generated records, for the unit tests.
// usage: node scripts/run-ts.mjs scripts/record-transformation-cases.ts
import { mkdirSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import type { Wire } from '../test/support/connect-wire.ts';
import { startJavaOracle } from '../test/support/java-oracle.ts';
import { CONFIGS, type Config, recordsOf, UNPARTED_CONFIGS } from '../test/support/transformation-cases.ts';

const PACKAGE = 'org.apache.kafka.connect.transforms';
const target = new URL('../test/fixtures/transforms/cases.jsonl', import.meta.url);

const questions: { op: string; class: string; config: Config; records: Wire }[] = [];
const add = (name: string, configs: fc.Arbitrary<Config>, isKey: boolean): void => {
  const records = fc.array(recordsOf(isKey), { minLength: 2, maxLength: 2 });
  for (const [config, some] of fc.sample(fc.tuple(configs, records), { numRuns: isKey ? 2 : 7, seed: 5 })) {
    questions.push({ op: 'transform', class: `${PACKAGE}.${name}`, config, records: some as unknown as Wire });
  }
};
for (const [name, configs] of Object.entries(CONFIGS)) {
  add(`${name}$Value`, configs, false);
  add(`${name}$Key`, configs, true);
}
for (const [name, configs] of Object.entries(UNPARTED_CONFIGS)) add(name, configs, false);

const oracle = await startJavaOracle({ main: 'ConnectOracle', with: ['ConnectWire'] });
const answers = await oracle.ask<Wire>(questions);
await oracle.stop();
mkdirSync(new URL('.', target), { recursive: true });
const lines = questions.map((question, index) => JSON.stringify({ ...question, answers: answers[index] }));
writeFileSync(target, `${lines.join('\n')}\n`);
console.log(`${lines.length} cases`);
