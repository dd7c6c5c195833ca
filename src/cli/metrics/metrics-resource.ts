/** `GET /metrics`, for Prometheus. Not of Kafka Connect, whose metrics are read over JMX. */
import { Gauge, Registry } from 'prom-client';
import type { RestResource } from '../../rest/resource.ts';
import type { MetricsContributor } from './metrics-contributor.ts';
import { processMetrics } from './process-metrics.ts';

export interface MetricsResourceOptions {
  readonly version: string;
  readonly contributors: readonly MetricsContributor[];
}

/** All metrics of a worker; those of the process are beside them. */
export function workerMetrics(options: MetricsResourceOptions): Registry {
  const register = new Registry();
  const info = new Gauge({
    name: 'holdfast_worker_info',
    help: 'Always 1. The version of the worker.',
    labelNames: ['version'],
    registers: [register],
  });
  info.set({ version: options.version }, 1);
  for (const contributor of options.contributors) contributor.register(register);
  return register;
}

export function metricsResources(options: MetricsResourceOptions): readonly RestResource[] {
  const register = workerMetrics(options);
  return [
    {
      path: '/metrics',
      produces: ['text/plain'],
      methods: {
        GET: async () => {
          for (const contributor of options.contributors) await contributor.refresh?.();
          const own = options.contributors.map(async (contributor) => (await contributor.render?.()) ?? '');
          const texts = await Promise.all([register.metrics(), processMetrics().metrics(), ...own]);
          return {
            status: 200,
            text: { type: register.contentType, body: texts.filter((text) => text !== '').join('\n') },
          };
        },
      },
    },
  ];
}
