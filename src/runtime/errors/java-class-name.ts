/** What tools that read dead letter queues look for: the name of the exception that Kafka Connect would have thrown. */
import { ConnectError, errorBrandsOf } from '../../sdk/errors/connect-error.ts';

const CONNECT = 'org.apache.kafka.connect.errors.';

/** By the name of our class. What a JavaScript engine throws by itself has no counterpart, and keeps its name. */
const JAVA_NAMES: Readonly<Record<string, string>> = {
  ConnectError: `${CONNECT}ConnectException`,
  RetriableError: `${CONNECT}RetriableException`,
  DataError: `${CONNECT}DataException`,
  SchemaBuilderError: `${CONNECT}SchemaBuilderException`,
  SchemaProjectorError: `${CONNECT}SchemaProjectorException`,
  NotFoundError: `${CONNECT}NotFoundException`,
  AlreadyExistsError: `${CONNECT}AlreadyExistsException`,
  IllegalStateError: 'java.lang.IllegalStateException',
  ConfigError: 'org.apache.kafka.common.config.ConfigException',
};

/** Of the class itself, not of one that it extends: a plugin's own error keeps the name that its author gave it. */
export function javaClassName(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  if (!(error instanceof ConnectError)) return error.name;
  const [brand] = errorBrandsOf(error);
  return brand === error.name ? (JAVA_NAMES[brand] ?? error.name) : error.name;
}

/** The stack with those of its causes, as Java prints them. */
export function javaStackTrace(error: unknown): string {
  const parts: string[] = [];
  let at: unknown = error;
  for (let depth = 0; depth < 16 && at !== undefined && at !== null; depth++) {
    const text = at instanceof Error ? headOf(at) + framesOf(at) : String(at);
    parts.push(depth === 0 ? text : `Caused by: ${text}`);
    at = at instanceof Error ? at.cause : undefined;
  }
  return `${parts.join('\n')}\n`;
}

function headOf(error: Error): string {
  const name = javaClassName(error);
  return error.message === '' ? name : `${name}: ${error.message}`;
}

function framesOf({ stack = '' }: Error): string {
  const frames = stack.split('\n').filter((line) => /^ {4}at /.test(line));
  return frames.map((frame) => `\n\t${frame.trimStart()}`).join('');
}
