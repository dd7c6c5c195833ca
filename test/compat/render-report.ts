/** docs/compat.md: what test/compat compares, and which differences are meant. `node scripts/run-ts.mjs test/compat/render-report.ts` */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { avroSection } from './avro/avro-section.ts';
import { NORMALISED } from './pair/compare-answers.ts';
import { compatResults, PARTS, type Part } from './pair/results.ts';
import { convertersSection } from './records/converters-section.ts';
import { deadLetters } from './records/dead-letters.ts';
import { pipelines } from './records/pipelines.ts';
import { requestGroups } from './rest/all-groups.ts';
import { allowedDifferences } from './rest/allowed.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const requests = requestGroups.reduce((sum, { requests: each }) => sum + each.length, 0);
const cell = (text: unknown): string => String(text).replaceAll('|', '\\|');
const where = (pattern: string | RegExp): string =>
  pattern === '.' || String(pattern) === '/./' ? 'any' : `\`${cell(pattern)}\``;

const results = compatResults();
const state = (Object.entries(PARTS) as [Part, string][])
  .map(([part, name]) => {
    const { date, version, what } = results[part] ?? { date: 'not yet as a whole', version: '', what: '' };
    return `| ${name} | ${date} | ${version} | ${cell(what)} |`;
  })
  .join('\n');

const text = `# Compatibility with Kafka Connect 4.1.1, as tested

\`npm run test:compat\` starts a Kafka, the real Kafka Connect 4.1.1 as a standalone worker, and Holdfast beside it on the same broker, with plugins that do the same
(\`test/support/java/compat\` in Java, \`test/fixtures/probe\` in JavaScript). This page is generated from the lists of those tests:
\`node scripts/run-ts.mjs test/compat/render-report.ts\`.

**State**: what each part last passed as a whole with, every comparison of it and on one version of the sources
(\`HOLDFAST_COMPAT_RESULTS=write npm run test:compat\` writes it down in docs/compat-results.json). What follows says what is compared.

| part | last passed | version | what |
|---|---|---|---|
${state}

## What is compared

- **REST**: ${requests} requests in ${requestGroups.length} groups, sent in the same order to both; status, the headers that clients act on, and the whole body, field order included.
- **Records**: ${pipelines.length} source pipelines (converters, headers, transformations, partitions) and ${deadLetters.length} dead letter queues; keys, values and headers byte by byte, partition, and timestamp where the record has one.
- **Offsets**: a file source, a file sink and the probe move from Kafka Connect to Holdfast, back, and over again; no record is lost or repeated. Offset files are written and read by Java itself.
- **Clients**: all calls of \`kafka-connect-py\` 1.0.0 (PyPI) and of \`org.sourcelab:kafka-connect-client\` 4.0.4 (Maven Central), against both; the groups kafbat-ui, kcctl, strimzi, redpanda-console, debezium-ui and scripts send what those tools send, as they send it.
- **Bad input**: generated and mutated requests by the ten thousand, some of them to both workers.

| group | requests | worker settings |
|---|---|---|
${requestGroups.map(({ name, requests: each, profile = 'plain' }) => `| ${name} | ${each.length} | ${profile} |`).join('\n')}

Pipelines: ${pipelines.map(({ name }) => name).join(', ')}. Dead letter queues: ${deadLetters.map(({ name }) => name).join(', ')}.

## What is not compared word for word

| what | why |
|---|---|
${NORMALISED.map(([what, why]) => `| ${cell(what)} | ${cell(why)} |`).join('\n')}
| the text of a byte array in a header written as a string | it names the identity of a Java object, another one in each run |
| class, message and stack trace of the exception in a dead letter's headers | Java's or ours; that they are there, and in which place, is compared |
| the order of the members of maps that a transformation made | a HashMap's in Java, that of insertion here |

## Differences that are meant

Each has to occur, or the tests fail.

| request | where | reason |
|---|---|---|
${allowedDifferences.map(({ request, at, reason }) => `| ${where(request)} | ${where(at)} | ${cell(reason)} |`).join('\n')}

${convertersSection}
${avroSection}`;

const target = join(folder, '../../docs/compat.md');
writeFileSync(target, text);
console.log(
  `${target}: ${requests} requests, ${readdirSync(join(folder, 'rest')).length} files, ${readFileSync(target).length} bytes`,
);
