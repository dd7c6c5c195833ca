/** docs/compat.md: what test/compat compares, and which differences are meant. `node scripts/run-ts.mjs test/compat/render-report.ts` */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NORMALISED } from './pair/compare-answers.ts';
import { deadLetters } from './records/dead-letters.ts';
import { pipelines } from './records/pipelines.ts';
import { requestGroups } from './rest/all-groups.ts';
import { allowedDifferences } from './rest/allowed.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const requests = requestGroups.reduce((sum, { requests: each }) => sum + each.length, 0);
const cell = (text: unknown): string => String(text).replaceAll('|', '\\|');
const where = (pattern: string | RegExp): string =>
  pattern === '.' || String(pattern) === '/./' ? 'any' : `\`${cell(pattern)}\``;

const text = `# Compatibility with Kafka Connect 4.1.1, as tested

\`npm run test:compat\` starts a Kafka, the real Kafka Connect 4.1.1 as a standalone worker, and Holdfast beside it on the same broker, with plugins that do the same
(\`test/support/java/compat\` in Java, \`test/fixtures/probe\` in JavaScript). This page is generated from the lists of those tests:
\`node scripts/run-ts.mjs test/compat/render-report.ts\`.

**State**: the parts of this run have been played singly, and not all passed; it has not yet been played whole on one version of the sources. What
follows says what is compared, not that all of it agrees.

## What is compared

- **REST**: ${requests} requests in ${requestGroups.length} groups, sent in the same order to both; status, the headers that clients act on, and the whole body, field order included.
- **Records**: ${pipelines.length} source pipelines (converters, headers, transformations, partitions) and ${deadLetters.length} dead letter queues; keys, values and headers byte by byte, partition, and timestamp where the record has one.
- **Offsets**: a file source, a file sink and the probe move from Kafka Connect to Holdfast, back, and over again; no record is lost or repeated. Offset files are written and read by Java itself.
- **Clients**: all calls of \`kafka-connect-py\` 1.0.0 (PyPI), against both.
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
| a floating-point number without schema that is whole | JavaScript has one type of number: 5.0 is written as 5 |

## Differences that are meant

Each has to occur, or the tests fail.

| request | where | reason |
|---|---|---|
${allowedDifferences.map(({ request, at, reason }) => `| ${where(request)} | ${where(at)} | ${cell(reason)} |`).join('\n')}
`;

const target = join(folder, '../../docs/compat.md');
writeFileSync(target, text);
console.log(
  `${target}: ${requests} requests, ${readdirSync(join(folder, 'rest')).length} files, ${readFileSync(target).length} bytes`,
);
