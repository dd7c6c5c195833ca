// Records what Kafka Connect's own converters write and read, for the unit tests.
// usage: node scripts/run-ts.mjs scripts/record-converter-cases.ts
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Wire } from '../test/support/connect-wire.ts';
import { questionOf } from '../test/support/converter-comparison.ts';
import { startJavaOracle } from '../test/support/java-oracle.ts';
import { conversationsToRecord } from '../test/support/questions-to-record.ts';

const target = new URL('../test/fixtures/converters/cases.jsonl', import.meta.url);
const questions = conversationsToRecord().map(questionOf);
const oracle = await startJavaOracle({ main: 'ConnectOracle', with: ['ConnectWire'] });
const answers = await oracle.ask<readonly Wire[]>(questions);
await oracle.stop();
mkdirSync(new URL('.', target), { recursive: true });
const lines = questions.map((question, index) => JSON.stringify({ ...(question as object), answers: answers[index] }));
writeFileSync(target, `${lines.join('\n')}\n`);
console.log(`${answers.flat().length} cases`);
