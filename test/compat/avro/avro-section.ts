/** The part of docs/compat.md about Avro's Connect mapping. */
import { OPTION_SETS } from '../../support/avro-comparison.ts';
import { allowedDifferences } from './allowed-differences.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

export const avroSection = `## Avro’s Connect mapping

Kafka Connect has no Avro converter. Confluent’s mapping is compared with a converter in Java that has it from there, AvroData of
\`io.apicurio:apicurio-registry-utils-converter\` 2.6.13.Final (Maven Central) with Avro 1.12.0, in one run with it (\`avro-maps-as-in-java\`): generated Connect schemas
and values are to become the same text of a schema and the same bytes, generated Avro schemas and records the same Connect schemas and values, and those the same Avro
again; what one refuses the other has to refuse. Each under ${Object.keys(OPTION_SETS).length} sets of settings: ${Object.keys(OPTION_SETS).join(', ')}. It is a fork, and has
faults of its own and of Confluent’s: where it differs, Confluent’s code was read. These differences are meant, and each has an example that meets it:

| what | why |
|---|---|
${allowedDifferences.map(({ what, reason }) => `| ${cell(what)} | ${cell(reason)} |`).join('\n')}
`;
