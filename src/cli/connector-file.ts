/**
 * A connector file as connect-standalone takes it: tried as a flat JSON object, then as the body of `POST /connectors`, then as
 * .properties, whatever its ending. ConnectStandalone of Kafka Connect 4.1.1.
 */
import { readFile } from 'node:fs/promises';
import { PropertiesSyntaxError, parseProperties } from '../foundation/java-properties.ts';
import { jsonMistakePlace } from '../foundation/json-place.ts';
import { type Logger, silentLogger } from '../foundation/logger.ts';
import type { TargetState } from '../runtime/herder/status.ts';
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { ConfigError } from '../sdk/errors/kinds.ts';

export const FILE_UNREADABLE = defineErrorCode('holdfast.cli.file-unreadable', {
  what: 'A file named on the command line could not be read.',
  mend: 'Check the path and the permissions of the file.',
});

export const FILE_INVALID = defineErrorCode('holdfast.cli.file-invalid', {
  what: 'A worker or connector file is not what it should be.',
  mend: 'Correct the file at the place that the message names.',
});

export interface ConnectorFile {
  readonly path: string;
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  readonly initialState: TargetState;
}

const INITIAL_STATES: Readonly<Record<string, TargetState>> = {
  RUNNING: 'STARTED',
  PAUSED: 'PAUSED',
  STOPPED: 'STOPPED',
};

/** @throws ConfigError `holdfast.cli.file-unreadable` or `holdfast.cli.file-invalid` */
export async function readConnectorFile(path: string, logger: Logger = silentLogger): Promise<ConnectorFile> {
  const content = await readText(path);
  const text = content.toString('utf8').replace(/^\uFEFF/, '');
  if (text.trim() === '') {
    throw new ConfigError(`The connector file ${path} is empty. Write the connector's settings into it.`, {
      code: FILE_INVALID,
    });
  }
  const json = parseObject(text);
  if (json === null) {
    const config = asProperties(path, content, text, logger);
    return { path, name: nameOf(path, config['name'], LINE), config, initialState: 'STARTED' };
  }
  // Numbers and booleans become strings, as Kafka Connect's JSON reader makes them.
  if (Object.values(json).every((value) => typeof value !== 'object')) {
    const config = Object.fromEntries(Object.entries(json).map(([key, value]) => [key, String(value)]));
    return { path, name: nameOf(path, config['name'], FIELD), config, initialState: 'STARTED' };
  }
  return postShaped(path, json);
}

/** @throws ConfigError as {@link readConnectorFile} */
export async function readPropertiesFile(path: string, logger: Logger = silentLogger): Promise<Record<string, string>> {
  return parsePropertiesFile(path, await readText(path), logger);
}

async function readText(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new ConfigError(
      `The file ${path} can't be read: ${(cause as Error).message}. Check the path and its permissions.`,
      {
        code: FILE_UNREADABLE,
        cause,
      },
    );
  }
}

function parsePropertiesFile(path: string, content: Buffer, logger: Logger): Record<string, string> {
  try {
    return parseProperties(content, (key, line) =>
      logger.warn('A setting stands more than once in a file. The last one holds.', { file: path, key, line }),
    );
  } catch (cause) {
    if (!(cause instanceof PropertiesSyntaxError)) throw cause;
    throw new ConfigError(`The file ${path} is no valid properties file: ${cause.message}.`, {
      code: FILE_INVALID,
      cause,
    });
  }
}

/** Properties whose text merely looks like JSON are taken; where it was meant to be JSON, its mistake is told. */
function asProperties(path: string, content: Buffer, text: string, logger: Logger): Record<string, string> {
  const looksLikeJson = /^\s*[{[]/.test(text) || path.toLowerCase().endsWith('.json');
  if (!looksLikeJson) return parsePropertiesFile(path, content, logger);
  try {
    const config = parsePropertiesFile(path, content, logger);
    if (config['name'] !== undefined) return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
  }
  const place = jsonMistakePlace(text);
  throw new ConfigError(
    place === null
      ? `The connector file ${path} is JSON, but no object. Give it the shape {"name": "…", "config": {…}}.`
      : `The connector file ${path} is not valid JSON: the mistake is at ${place}. Correct it there.`,
    { code: FILE_INVALID },
  );
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** Unknown fields are tolerated here, as upstream does. */
function postShaped(path: string, json: Readonly<Record<string, unknown>>): ConnectorFile {
  const given = json['config'];
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const nulls = Object.keys(json).filter((key) => json[key] === null);
    if (given === undefined && nulls.length > 0) {
      throw new ConfigError(
        `The connector file ${path} has null at ${nulls.join(', ')}. Give a string, number or boolean, or leave it out.`,
        { code: FILE_INVALID },
      );
    }
    throw new ConfigError(
      `The connector file ${path} is JSON, but neither a flat object with a "name" nor an object with "name" and "config". Give it one of these shapes.`,
      { code: FILE_INVALID },
    );
  }
  const config: Record<string, string> = {};
  for (const [key, value] of Object.entries(given)) {
    if (typeof value === 'object') {
      throw new ConfigError(`The connector file ${path} has no string, number or boolean at config.${key}.`, {
        code: FILE_INVALID,
      });
    }
    config[key] = String(value);
  }
  const name = nameOf(path, typeof json['name'] === 'string' ? json['name'] : config['name'], FIELD);
  if (config['name'] !== undefined && config['name'] !== name) {
    throw new ConfigError(
      `The connector file ${path} has two names: ${name} in "name" and ${config['name']} in "config". Leave one of them out.`,
      { code: FILE_INVALID },
    );
  }
  return { path, name, config: { ...config, name }, initialState: initialStateOf(path, json['initial_state']) };
}

const LINE = 'a line name=<name of the connector>';
const FIELD = 'a field "name" with the name of the connector';

function nameOf(path: string, name: string | undefined, toAdd: string): string {
  if (name !== undefined && name.trim() !== '') return name.trim();
  throw new ConfigError(`The connector file ${path} has no name. Add ${toAdd}.`, {
    code: FILE_INVALID,
  });
}

function initialStateOf(path: string, value: unknown): TargetState {
  if (value === undefined || value === null) return 'STARTED';
  const state = typeof value === 'string' ? INITIAL_STATES[value.toUpperCase()] : undefined;
  if (state !== undefined) return state;
  throw new ConfigError(
    `The connector file ${path} has the initial_state ${String(value)}; it must be RUNNING, PAUSED or STOPPED.`,
    {
      code: FILE_INVALID,
    },
  );
}
