// Records what Kafka Connect's own schemas, schema builder and schema projector make of data, for the unit tests.
// usage: node scripts/run-ts.mjs scripts/record-data-cases.ts
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Wire } from '../test/support/connect-wire.ts';
import { startJavaOracle } from '../test/support/java-oracle.ts';
import { dataQuestionsToRecord } from '../test/support/questions-to-record.ts';

const target = new URL('../test/fixtures/data/cases.jsonl', import.meta.url);
const questions = dataQuestionsToRecord();
const oracle = await startJavaOracle({ main: 'ConnectOracle', with: ['ConnectWire'] });
const answers = await oracle.ask<Wire>(questions);
await oracle.stop();
mkdirSync(new URL('.', target), { recursive: true });
const lines = questions.map((question, index) => JSON.stringify({ question, answer: answers[index] }));
writeFileSync(target, `${lines.join('\n')}\n`);
console.log(`${lines.length} cases`);
