import { ConfigError, defineErrorCode } from '../../sdk/errors/index.ts';

export const EMBEDDED_UNSUPPORTED = defineErrorCode('holdfast.broker.embedded.unsupported', {
  what: 'The embedded broker was asked for something that only a Kafka cluster can do.',
  mend: 'Name the servers of a Kafka cluster, host:port, in place of embedded:<folder>.',
});

export function noForeignGroups(): ConfigError {
  return new ConfigError(
    'The embedded broker lives in one process, so it has no group that others could elect in. Name the servers of a Kafka cluster.',
    { code: EMBEDDED_UNSUPPORTED },
  );
}
