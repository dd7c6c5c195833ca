/** The worker's settings: parsed, checked all at once, frozen and complete. */
import convict from 'convict';
import type { ParsedConfig, RawConfig } from '../../sdk/config/index.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConfigError, type ConfigProblem } from '../../sdk/errors/kinds.ts';
import { workerKeyFindings } from './key-findings.ts';
import { WORKER_CONFIG } from './worker-config-def.ts';

export const WORKER_CONFIG_INVALID = defineErrorCode('holdfast.worker.config-invalid', {
  what: 'The settings of the worker have mistakes; it did not start.',
  mend: 'Correct every setting that the message names, in the worker file or the CONNECT_* variable.',
});

type WorkerKeys = typeof WORKER_CONFIG extends { parse(raw: RawConfig): infer P } ? P : never;

export interface WorkerConfig {
  /** Typed values of the declared keys. */
  readonly values: WorkerKeys;
  /** Everything as given, for prefixes. */
  readonly raw: Readonly<Record<string, string>>;
  /** Keys that nobody knows. */
  readonly unknown: readonly string[];
  /** Keys of Kafka Connect's that have no effect here, each with the reason. */
  readonly withoutEffect: Readonly<Record<string, string>>;
}

/**
 * @param further mistakes that others found in the same settings, to be named with these
 * @throws ConfigError `holdfast.worker.config-invalid` that names every mistake.
 */
export function parseWorkerConfig(
  raw: Readonly<Record<string, string>>,
  further: readonly ConfigProblem[] = [],
): WorkerConfig {
  const problems = [...validateWithConvict(raw), ...further];
  if (problems.length > 0) throw invalidWorkerConfig(problems);
  return Object.freeze({
    values: WORKER_CONFIG.parse(raw) as ParsedConfig<never> as WorkerKeys,
    raw: Object.freeze({ ...raw }),
    ...workerKeyFindings(raw),
  });
}

/**
 * One error for all mistakes.
 * @param source where the settings are written, as far as it is known, and what helps beside correcting them
 */
export function invalidWorkerConfig(
  problems: readonly ConfigProblem[],
  { where = '', advice }: { readonly where?: string; readonly advice?: string } = {},
): ConfigError {
  const lines = problems.map(({ key, message }) => (message.includes(key) ? message : `${key}: ${message}`));
  const count = `${problems.length} mistake${problems.length === 1 ? '' : 's'}`;
  const title = `The worker's settings${where === '' ? '' : ` in ${where}`} have ${count}:`;
  return new ConfigError(
    [title, ...lines.map((line) => `  ${line}`), ...(advice === undefined ? [] : [advice])].join('\n'),
    { code: WORKER_CONFIG_INVALID, problems },
  );
}

/**
 * convict reads dots as nesting and so can't hold `key.converter` beside `key.converter.schemas.enable`: names are escaped. What a value may
 * be is the ConfigDef's to say; convict walks the schema and asks for each.
 */
function validateWithConvict(raw: Readonly<Record<string, string>>): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const found = new Map(WORKER_CONFIG.validate(raw).map((value) => [value.name, value]));
  const schema: Record<string, convict.SchemaObj<unknown>> = {};
  const given: Record<string, unknown> = {};
  for (const key of WORKER_CONFIG.keys.values()) {
    const escaped = escapeName(key.name);
    schema[escaped] = {
      doc: key.documentation,
      default: undefined,
      format: () => {
        for (const message of found.get(key.name)?.errorMessages ?? []) {
          problems.push({ key: key.name, message });
          throw new Error(message);
        }
      },
    };
    // `undefined` is not asked about: absence is given as null, and the ConfigDef knows the difference.
    given[escaped] = Object.hasOwn(raw, key.name) ? raw[key.name] : null;
  }
  try {
    convict(schema).load(given).validate({ allowed: 'strict' });
  } catch (error) {
    // convict's own text would repeat values, secrets among them; ours is in `problems`.
    if (problems.length === 0) throw error;
  }
  return problems;
}

function escapeName(name: string): string {
  return name.replaceAll('.', '__');
}
