/** The same requests that a real Kafka Connect answered (test/support/record-validation-answers.ts), compared answer by answer. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { builtInPlugins, packageOfBuiltIn } from '../../../src/cli/built-in-plugins.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { connectorPluginsResources } from '../../../src/rest/connector-plugins-resource.ts';
import type { RestRequest, RestResponse } from '../../../src/rest/resource.ts';
import { statusOf } from '../../../src/rest/rest-error.ts';
import { ConnectorConfigs } from '../../../src/runtime/config/connector-configs.ts';
import { parseWorkerConfig } from '../../../src/runtime/config/worker-config.ts';
import type { Herder } from '../../../src/runtime/herder/herder.ts';
import { Plugins } from '../../../src/runtime/plugins/plugins.ts';
import type { ConfigInfo, ConfigInfos } from '../../../src/sdk/config/index.ts';
import { type ValidationCase, validationCases } from '../../support/validation-cases.ts';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const recorded = JSON.parse(
  readFileSync(new URL('../../fixtures/validation-answers.json', import.meta.url), 'utf8'),
) as Record<string, Answer>;

/** Where we answer otherwise, and why. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  'an override that cannot be parsed': 'is an error of its setting here, and a 500 there',
  'a pattern that cannot be compiled, and a dead letter queue': 'is an error of its setting here, and a 500 there',
  'topics of commas': 'a sink without a topic is refused here, and runs idle there',
  'no class': 'invariant 8: values are hidden',
  '/connector-plugins': 'which connectors are installed',
  '/connector-plugins?connectorsOnly=false': 'which connectors are installed',
  '/connector-plugins?connectorsOnly=': 'which connectors are installed',
};

const STRING = 'org.apache.kafka.connect.storage.StringConverter';
const plugins = await Plugins.discover({
  builtIn: builtInPlugins(),
  packageOf: packageOfBuiltIn,
  pluginPath: [],
  logger: silentLogger,
});
const worker = parseWorkerConfig({ 'key.converter': STRING, 'value.converter': STRING });
const configs = new ConnectorConfigs({ plugins, worker });
const [list, config, validate] = connectorPluginsResources({
  herder: {
    plugins: async (types: Parameters<Herder['plugins']>[0]) => plugins.list(types),
    pluginConfig: (name: string, version: string | undefined) => configs.definition(name, version),
    validateConnectorConfig: (raw: Record<string, string | null>) => configs.validate(raw),
  } as unknown as Herder,
});

async function send({ method, path, body }: ValidationCase): Promise<Answer> {
  const url = new URL(path, 'http://a');
  const [, , plugin = '', part, last] = url.pathname.split('/').map(decodeURIComponent);
  const query: Record<string, string[]> = {};
  for (const [name, value] of url.searchParams) query[name] = [...(query[name] ?? []), value];
  const bodies = { body: body ?? null, bodyWithNumberTexts: body ?? null };
  const request: RestRequest = { params: { plugin }, query, headers: {}, ...bodies, baseUrl: 'http://a' };
  const resource = part === undefined ? list : last === undefined ? config : validate;
  try {
    const response = (await resource?.methods[method]?.(request)) as RestResponse;
    return { status: response.status, body: JSON.parse(JSON.stringify(response.json)) as unknown };
  } catch (error) {
    const status = statusOf(error);
    return { status, body: { error_code: status, message: (error as Error).message } };
  }
}

/** Versions are ours, Java's words on regular expressions are Java's, and documentation is in our own. */
function comparable(answer: Answer): Answer {
  const text = JSON.stringify(answer, (key, value: unknown) => {
    if (key === 'documentation') return undefined;
    if (key === 'recommended_values' && Array.isArray(value))
      return value.filter((each) => !/confluent/.test(String(each)));
    return typeof value === 'string' ? withoutOurOwn(value) : value;
  });
  const plain = JSON.parse(text) as Answer;
  if (Array.isArray(plain.body)) return { ...plain, body: plain.body.filter(({ name }) => name !== OUR_KEY) };
  const { groups = [], configs: infos, ...rest } = plain.body as Partial<ConfigInfos>;
  if (infos === undefined) return plain;
  return { ...plain, body: { ...rest, groups, configs: infos.filter((info) => nameOf(info) !== OUR_KEY) } };
}

/** Of our file connector alone. */
const OUR_KEY = 'max.line.bytes';
const VERSIONS = new Set(plugins.list().map(({ version }) => version));

function withoutOurOwn(text: string): string {
  if (VERSIONS.has(text) || text === '4.1.1') return '<version>';
  return text
    .replace(/(Invalid regex: ).*/s, '$1…')
    .replace(/(available connectors are: ).*/s, '$1…')
    .replace(/available versions: \[.*\]/, 'available versions: […]');
}

function nameOf({ definition, value }: ConfigInfo): string {
  return value?.name ?? definition?.name ?? '';
}

/** Transformations and predicates come from a folder of their own. */
const hasTransformations = plugins.list(['transformation']).length > 0;
const asks = ({ name, path }: ValidationCase): boolean =>
  DIFFERENCES[name] === undefined &&
  (hasTransformations ||
    !/transforms|RegexRouter|HasHeaderKey/.test(JSON.stringify([path, recorded[name]]).replaceAll('"transforms"', '')));

describe('answers about plugins and configurations are those of Kafka Connect', () => {
  it.each(validationCases.filter(asks).map((each) => [each.name, each] as const))('%s', async (name, each) => {
    expect(comparable(await send(each))).toEqual(comparable(recorded[name] as Answer));
  });

  it.each(Object.entries(DIFFERENCES))('but not: %s, for it %s', async (name) => {
    const each = validationCases.find((candidate) => candidate.name === name) as ValidationCase;
    expect(comparable(await send(each))).not.toEqual(comparable(recorded[name] as Answer));
  });
});
