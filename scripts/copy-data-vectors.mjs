// Copies what a real Kafka Connect 4.1.1 did with data (parsing, printing, projecting, refusing) into the fixtures of the unit tests.
// usage: node scripts/copy-data-vectors.mjs <file of tab-separated vectors>
import { readFileSync, writeFileSync } from 'node:fs';

const [, , source] = process.argv;
if (source === undefined) throw new Error('usage: node scripts/copy-data-vectors.mjs <file of tab-separated vectors>');

const target = new URL('../test/fixtures/data-vectors.tsv', import.meta.url);
const wanted = /^(simpleheader |struct |sb |project|decimal )/;
const lines = readFileSync(source, 'utf8')
  .split('\n')
  .filter((line) => wanted.test(line));
writeFileSync(target, `${lines.join('\n')}\n`);
console.log(`${lines.length} vectors`);
