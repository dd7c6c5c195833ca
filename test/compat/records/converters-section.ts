/** The part of docs/compat.md about converters, headers, transformations and schemas. */
import { meantDifferences } from '../../support/meant-converter-differences.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

export const convertersSection = `## Converters, headers and data

Every converter, SimpleHeaderConverter, every transformation and predicate, and the checks and projections of schemas answer the same generated questions as Kafka
Connect's own classes, in one run with them (\`converters-do-as-kafka-connects-do\`, \`transformations-do-as-kafka-connects-do\`, \`data-is-checked-as-in-kafka-connect\`): schemas of
all types with defaults, names and parameters, values that fit and that don't, all settings, and for reading also envelopes with mistakes and bytes with something
deleted, inserted or turned over. What is written has to be the same bytes, what is read the same schema and value, what is refused refused by both in the same words.
The seed is in the name of the run; \`HOLDFAST_SEED\` plays one again. These differ on purpose:

| what | why |
|---|---|
${meantDifferences.map(({ what, why }) => `| ${cell(what)} | ${cell(why)} |`).join('\n')}
`;
