import type { RestRequest } from '../pair/exchange.ts';
import type { RequestGroup } from './request-group.ts';

/** What the connector's own alterOffsets answers, on sources and sinks. */
export const alteredByTheConnector: RequestGroup = {
  name: 'altered-by-the-connector',
  requests: [
    ...['ProbeSource', 'ProbeSink'].flatMap((type) =>
      ['true', 'false', 'throw', 'unsupported'].flatMap((alter): RestRequest[] => {
        const connector = `{p}-${type}-${alter}`;
        const config = {
          'connector.class': type,
          alter,
          ...(type === 'ProbeSource' ? { topic: 't' } : { topics: '{p}-at' }),
        };
        const element =
          type === 'ProbeSource'
            ? { partition: { task: '0' }, offset: { n: 5 } }
            : { partition: { kafka_topic: '{p}-at', kafka_partition: 0 }, offset: { kafka_offset: 0 } };
        const named = (name: string): string => `${type}-${alter}-${name}`;
        return [
          {
            name: named('create'),
            method: 'POST',
            path: '/connectors',
            body: { name: connector, config, initial_state: 'STOPPED' },
          },
          {
            name: named('patch'),
            method: 'PATCH',
            path: `/connectors/${connector}/offsets`,
            body: { offsets: [element] },
          },
          { name: named('get'), method: 'GET', path: `/connectors/${connector}/offsets` },
          { name: named('delete'), method: 'DELETE', path: `/connectors/${connector}/offsets` },
          { name: named('get-deleted'), method: 'GET', path: `/connectors/${connector}/offsets` },
        ];
      }),
    ),
  ],
};
