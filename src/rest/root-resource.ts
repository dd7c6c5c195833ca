/** `/` and `/health`. Kafka Connect 4.1.1 (KIP-1017). */
import type { Clock } from '../foundation/clock.ts';
import type { Herder, HerderHealth } from '../runtime/herder/herder.ts';
import { CONNECT_API_VERSION } from '../runtime/plugins/connect-version.ts';
import { ok, type RestResource, type RestResponse } from './resource.ts';

const HEALTH_STATUS = { healthy: 200, starting: 503, unhealthy: 500 } as const;

const HEALTH_MESSAGE = {
  healthy: 'Worker has completed startup and is ready to handle requests.',
  starting: 'Worker is still starting up.',
  unhealthy: 'Worker was unable to handle this request and may be unable to handle other requests.',
} as const;

/** How long the herder has to answer. */
const HEALTH_TIMEOUT_MS = 10_000;

export function rootResources(options: {
  readonly herder: Herder;
  readonly version: string;
  readonly clock: Clock;
}): readonly RestResource[] {
  const { herder, version, clock } = options;
  let wasReady = false;

  const health = async (): Promise<RestResponse> => {
    const answer = await inTime(herder.health(), clock);
    if (answer?.status === 'healthy') wasReady = true;
    const { status, detail } = answer ?? { status: wasReady ? 'unhealthy' : 'starting', detail: herder.stage() };
    const message = detail === '' ? HEALTH_MESSAGE[status] : `${HEALTH_MESSAGE[status]} ${detail}`;
    return { status: HEALTH_STATUS[status], json: { status, message } };
  };

  return [
    {
      path: '/',
      takesAnyType: true,
      methods: {
        GET: async () =>
          ok({
            version: CONNECT_API_VERSION,
            commit: `holdfast-${version}`,
            kafka_cluster_id: await herder.kafkaClusterId(),
          }),
      },
    },
    { path: '/health', takesAnyType: true, methods: { GET: health } },
  ];
}

/** null if it takes too long. */
function inTime(health: Promise<HerderHealth>, clock: Clock): Promise<HerderHealth | null> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(() => resolve(null), HEALTH_TIMEOUT_MS, { unref: true });
    health.then(resolve, reject).finally(() => timer.cancel());
  });
}
