/** What workers of a cluster ask of each other (Kafka Connect 4.1.1, 1.7); a standalone worker refuses it in upstream's words. */
import { decodeBase64 } from './java-base64.ts';
import type { RestRequest, RestResource, RestResponse } from './resource.ts';
import { RestError } from './rest-error.ts';

/** Algorithms that a JVM knows for signatures of requests; names of Java, in lower case. */
const ALGORITHMS =
  /^(hmacmd5|hmacsha(1|224|256|384|512|512\/224|512\/256)|hmacsha3-(224|256|384|512)|hmacpbesha(1|224|256|384|512|512\/224|512\/256)|pbewithhmacsha(1|224|256|384|512)|sslmacmd5|sslmacsha1)$/;

export function standaloneInternalResources(): readonly RestResource[] {
  const refuse =
    (what: string) =>
    async (request: RestRequest): Promise<RestResponse> => {
      checkSignature(request);
      throw new RestError(500, `Kafka Connect in standalone mode does not support ${what}.`);
    };
  return [
    {
      path: '/connectors/:connector/tasks',
      isInternal: true,
      methods: { POST: refuse('externally setting task configurations') },
    },
    {
      path: '/connectors/:connector/fence',
      isInternal: true,
      methods: { PUT: refuse('exactly-once source connectors') },
    },
  ];
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
