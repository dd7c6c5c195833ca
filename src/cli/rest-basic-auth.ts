/** Where the passwords of BasicAuthSecurityRestExtension come from. Kafka Connect 4.1.1. */
import { readFileSync } from 'node:fs';
import { parseJaasFile } from '../foundation/jaas-file.ts';
import { parseProperties } from '../foundation/java-properties.ts';
import type { Logger } from '../foundation/logger.ts';
import { BasicAuth } from '../rest/basic-auth.ts';
import { BASIC_AUTH_EXTENSION } from '../runtime/config/rest-config-keys.ts';
import type { WorkerConfig } from '../runtime/config/worker-config.ts';
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { ConfigError } from '../sdk/errors/kinds.ts';

export const REST_CREDENTIALS = defineErrorCode('holdfast.rest.credentials', {
  what: 'The credentials for basic authentication of the REST API can not be read.',
  mend: 'Name a file of user=password in rest.basic.auth.file, or a JAAS file whose entry KafkaConnect names one.',
});

const CONTEXT = 'KafkaConnect';
const LOGIN_MODULE = /^(org\.apache\.kafka\.connect\.rest\.basic\.auth\.extension\.)?PropertyFileLoginModule$/;

/**
 * null if the extension isn't there.
 * @param environment may have `-Djava.security.auth.login.config=` in KAFKA_OPTS, as Java's start scripts take it
 * @throws ConfigError `holdfast.rest.credentials`
 */
export function openBasicAuth(options: {
  readonly config: WorkerConfig;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
}): BasicAuth | null {
  const { config, environment, logger } = options;
  if (!config.values['rest.extension.classes'].some((name) => BASIC_AUTH_EXTENSION.test(name))) return null;
  const own = config.values['rest.basic.auth.file'];
  const jaas = config.values['java.security.auth.login.config'] ?? systemProperty(environment['KAFKA_OPTS']);
  if (own === null && jaas === null) {
    throw invalid(
      'BasicAuthSecurityRestExtension has no users. Set rest.basic.auth.file to a file of user=password lines, or name a JAAS file with -Djava.security.auth.login.config=<file> in KAFKA_OPTS.',
    );
  }
  const file = own ?? credentialsFileOf(jaas ?? '');
  const properties = reading(file, 'credentials', parseProperties);
  return new BasicAuth({ credentials: new Map(Object.entries(properties)), logger });
}

function credentialsFileOf(jaas: string): string {
  const contexts = reading(jaas, 'JAAS', (bytes) => parseJaasFile(bytes.toString('utf8')));
  const [entry, ...others] = contexts.get(CONTEXT) ?? [];
  if (entry === undefined) throw invalid(`The JAAS file ${jaas} has no entry ${CONTEXT}. Add one.`);
  if (others.length > 0 || !LOGIN_MODULE.test(entry.loginModule)) {
    throw invalid(
      `The entry ${CONTEXT} of the JAAS file ${jaas} has to name PropertyFileLoginModule and nothing else: other login modules are classes of Java, which do not run here.`,
    );
  }
  const file = entry.options.get('file')?.trim() ?? '';
  if (file === '') {
    throw invalid(
      `Property Credentials file must be specified: add file="<path>" to the PropertyFileLoginModule of the JAAS file ${jaas}.`,
    );
  }
  return file;
}

function reading<T>(file: string, what: string, parse: (bytes: Buffer) => T): T {
  try {
    return parse(readFileSync(file));
  } catch (cause) {
    // Invariant 8: what the parsers say names no value.
    throw invalid(`The ${what} file ${file} can't be read: ${(cause as Error).message}.`, cause);
  }
}

function systemProperty(options: string | undefined): string | null {
  const match = /(?:^|\s)-Djava\.security\.auth\.login\.config==?(?:"([^"]*)"|'([^']*)'|(\S+))/.exec(options ?? '');
  return match?.[1] ?? match?.[2] ?? match?.[3] ?? null;
}

function invalid(message: string, cause?: unknown): ConfigError {
  return new ConfigError(message, { code: REST_CREDENTIALS, ...(cause === undefined ? {} : { cause }) });
}
