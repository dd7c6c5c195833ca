/** `/connector-plugins` and what is below it. ConnectorPluginsResource of Kafka Connect 4.1.1. */
import type { Herder, RawConnectorConfig } from '../runtime/herder/herder.ts';
import { PLUGIN_TYPES } from '../runtime/plugins/plugin-desc.ts';
import { ConfigError } from '../sdk/errors/kinds.ts';
import { pluginInfoJson } from './entities.ts';
import { configMap } from './request-body.ts';
import { booleanQuery, ok, param, type RestRequest, type RestResource, type RestResponse } from './resource.ts';
import { RestError } from './rest-error.ts';

const SUFFIX = 'Connector';
/** Kafka Connect makes a text of the error that validation ends with, and answers with 500. Tools know it so. */
const WRAPPED = 'org.apache.kafka.connect.runtime.rest.errors.BadRequestException: ';

export function connectorPluginsResources(options: { readonly herder: Herder }): readonly RestResource[] {
  const { herder } = options;

  const list = async (request: RestRequest): Promise<RestResponse> => {
    const connectorsOnly = booleanQuery(request, 'connectorsOnly', true);
    const plugins = await herder.plugins(connectorsOnly ? ['sink', 'source'] : PLUGIN_TYPES);
    return ok(plugins.map(pluginInfoJson));
  };

  const config = async (request: RestRequest): Promise<RestResponse> =>
    ok(await herder.pluginConfig(param(request, 'plugin'), request.query['version']?.[0]));

  const validate = async (request: RestRequest): Promise<RestResponse> => {
    const given = configMap(request.bodyWithNumberTexts, 'the connector config');
    refuseOtherClass(given, param(request, 'plugin'));
    try {
      return ok(await herder.validateConnectorConfig(given));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new RestError(500, `${WRAPPED}${error.message}`, { cause: error });
    }
  };

  return [
    { path: '/connector-plugins', methods: { GET: list } },
    { path: '/connector-plugins/:plugin/config', methods: { GET: config } },
    { path: '/connector-plugins/:plugin/config/validate', methods: { PUT: validate } },
  ];
}

/** The end of the class is enough: `Source` stands for `FileStreamSource`, too. */
function refuseOtherClass(config: RawConnectorConfig, plugin: string): void {
  const className = config['connector.class'];
  if (className === undefined || className === null || trimmed(className).endsWith(trimmed(plugin))) return;
  throw new RestError(400, `Included connector type ${className} does not match request type ${plugin}`);
}

function trimmed(name: string): string {
  return name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : name;
}
