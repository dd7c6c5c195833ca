import { readFileSync } from 'node:fs';
import { ConfigError } from 'holdfast/sdk';
import { type DatagenConfig, SOURCES } from './config.ts';
import { type Generator, generatorOf } from './generator.ts';
import { QUICKSTARTS } from './quickstarts.ts';

/** What is generated, and the key's field, which is empty for none. Throws ConfigError. */
export function selectGenerator(config: DatagenConfig): { readonly generator: Generator; readonly keyField: string } {
  const set = SOURCES.filter((source) => config[source] !== '');
  if (set.length !== 1) {
    const message = `Set exactly one of ${SOURCES.join(', ')}${set.length === 0 ? '' : `, not ${set.join(' and ')}`}.`;
    throw new ConfigError(message, { problems: [{ key: set[1] ?? 'quickstart', message }] });
  }
  const quickstart = QUICKSTARTS.get(config.quickstart.toLowerCase());
  const generator =
    quickstart === undefined
      ? generatorOf(config['schema.string'] || textOf(config['schema.filename']), set[0] ?? 'schema.string')
      : generatorOf(JSON.stringify(quickstart.schema), 'quickstart');
  const keyField = config['schema.keyfield'] || (quickstart?.keyField ?? '');
  if (keyField !== '' && generator.schema.field(keyField) === undefined) {
    const message = `The schema has no field '${keyField}' to be the key.`;
    throw new ConfigError(message, { problems: [{ key: 'schema.keyfield', message }] });
  }
  return { generator, keyField };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const message = `Unable to read the schema file '${path}': ${error instanceof Error ? error.message : String(error)}`;
    throw new ConfigError(message, { problems: [{ key: 'schema.filename', message }], cause: error });
  }
}
