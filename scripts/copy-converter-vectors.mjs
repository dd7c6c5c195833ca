// Copies what a real Kafka Connect 4.1.1 made of data with its converters into the fixtures of the unit tests.
// usage: node scripts/copy-converter-vectors.mjs <file of tab-separated vectors>
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const [, , source] = process.argv;
if (source === undefined)
  throw new Error('usage: node scripts/copy-converter-vectors.mjs <file of tab-separated vectors>');

const target = new URL('../test/fixtures/converters/converter-vectors.tsv', import.meta.url);
const wanted = /^(json |jsonIn |string |bytes |Boolean |(?:Short|Integer|Long|Float|Double)Converter |simpleheader )/;
const lines = readFileSync(source, 'utf8')
  .split('\n')
  .filter((line) => wanted.test(line));
mkdirSync(new URL('.', target), { recursive: true });
writeFileSync(target, `${lines.join('\n')}\n`);
console.log(`${lines.length} vectors`);
