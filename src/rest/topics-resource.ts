/** `/connectors/{connector}/topics`. Kafka Connect 4.1.1 (KIP-558). An unknown connector has none, and is no error. */
import type { Herder } from '../runtime/herder/herder.ts';
import { ok, param, type RestRequest, type RestResource, type RestResponse } from './resource.ts';
import { RestError } from './rest-error.ts';

export function topicsResources(options: {
  readonly herder: Herder;
  /** `topic.tracking.enable` */
  readonly isEnabled: boolean;
  /** `topic.tracking.allow.reset` */
  readonly isResetAllowed: boolean;
}): readonly RestResource[] {
  const { herder } = options;

  const get = async (request: RestRequest): Promise<RestResponse> => {
    if (!options.isEnabled) throw new RestError(403, 'Topic tracking is disabled.');
    const name = param(request, 'connector');
    return ok({ [name]: { topics: await herder.connectorTopics(name) } });
  };

  const reset = async (request: RestRequest): Promise<RestResponse> => {
    if (!options.isEnabled) throw new RestError(403, 'Topic tracking is disabled.');
    if (!options.isResetAllowed) throw new RestError(403, 'Topic tracking reset is disabled.');
    await herder.resetConnectorTopics(param(request, 'connector'));
    return { status: 202 };
  };

  return [
    { path: '/connectors/:connector/topics', methods: { GET: get } },
    { path: '/connectors/:connector/topics/reset', methods: { PUT: reset } },
  ];
}
