/** What workers of a cluster ask of each other (InternalClusterResource of Kafka Connect 4.1.1); a standalone worker refuses it in upstream's words. */
import { decodeBase64 } from './java-base64.ts';
import { configMap } from './request-body.ts';
import type { RestRequest, RestResource, RestResponse } from './resource.ts';
import { RestError } from './rest-error.ts';

/** Algorithms that a JVM knows for signatures of requests; names of Java, in lower case. */
const ALGORITHMS =
  /^(hmacmd5|hmacsha(1|224|256|384|512|512\/224|512\/256)|hmacsha3-(224|256|384|512)|hmacpbesha(1|224|256|384|512|512\/224|512\/256)|pbewithhmacsha(1|224|256|384|512)|sslmacmd5|sslmacsha1)$/;

export function standaloneInternalResources(): readonly RestResource[] {
  const refuse =
    (what: string, check: (request: RestRequest) => void = () => {}) =>
    async (request: RestRequest): Promise<RestResponse> => {
      check(request);
      checkSignature(request);
      throw new RestError(500, `Kafka Connect in standalone mode does not support ${what}.`);
    };
  return [
    {
      path: '/connectors/:connector/tasks',
      isInternal: true,
      methods: { POST: refuse('externally setting task configurations', checkTaskConfigs) },
    },
    {
      path: '/connectors/:connector/fence',
      isInternal: true,
      takesAnyType: true,
      methods: { PUT: refuse('exactly-once source connectors') },
    },
  ];
}

/** @throws RestError 500 for what is no list of configurations */
function checkTaskConfigs(request: RestRequest): void {
  const configs = request.bodyWithNumberTexts;
  if (!Array.isArray(configs)) throw new RestError(500, 'Cannot deserialize the task configs: they must be an array.');
  for (const [index, config] of configs.entries()) {
    if (config !== null) configMap(config, `task config ${index}`);
  }
}

/** Only whether it could be one: there is no key to check it with. */
function checkSignature({ headers }: RestRequest): void {
  const signature = headers['x-connect-authorization'];
  const algorithm = headers['x-connect-request-signature-algorithm'];
  if (signature === undefined || algorithm === undefined) return;
  if (!ALGORITHMS.test(algorithm.toLowerCase())) throw new RestError(400, `Algorithm ${algorithm} not available`);
  try {
    decodeBase64(signature);
  } catch (cause) {
    throw new RestError(400, (cause as Error).message, { cause });
  }
}
