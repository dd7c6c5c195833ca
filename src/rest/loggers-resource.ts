/** `/admin/loggers`. LoggingResource of Kafka Connect 4.1.1 (KIP-495, KIP-976). */
import { LEVEL_NAMES, type LoggerLevel, type LogLevels } from '../foundation/log-levels.ts';
import { NotFoundError } from '../sdk/errors/kinds.ts';
import { configMap } from './request-body.ts';
import { ok, param, type RestRequest, type RestResource, type RestResponse } from './resource.ts';
import { RestError } from './rest-error.ts';

export function loggersResources(options: { readonly levels: LogLevels }): readonly RestResource[] {
  const { levels } = options;

  const get = async (request: RestRequest): Promise<RestResponse> => {
    const name = param(request, 'logger');
    const found = levels.get(name);
    if (found === null) throw new NotFoundError(`Logger ${name} not found.`);
    return ok(levelJson(found));
  };

  const put = async (request: RestRequest): Promise<RestResponse> => {
    const wanted = configMap(request.bodyWithNumberTexts, 'the level')['level'];
    if (wanted === undefined || wanted === null) {
      throw new RestError(400, "Desired 'level' parameter was not specified in request.");
    }
    if (wanted === '') throw new RestError(500, 'Illegal null or empty Level name.');
    const level = LEVEL_NAMES.find((name) => name === wanted.trim().toUpperCase());
    if (level === undefined) throw new NotFoundError(`invalid log level '${wanted}'.`);
    const changed = levels.set(param(request, 'logger'), level);
    // A worker alone is the whole cluster.
    return request.query['scope']?.[0]?.toLowerCase() === 'cluster' ? { status: 204 } : ok(changed);
  };

  return [
    {
      path: '/admin/loggers',
      methods: {
        GET: async () => ok(Object.fromEntries([...levels.list()].map(([name, level]) => [name, levelJson(level)]))),
      },
    },
    { path: '/admin/loggers/:logger', methods: { GET: get, PUT: put } },
  ];
}

function levelJson({ level, lastModified }: LoggerLevel): object {
  return { level, last_modified: lastModified };
}
