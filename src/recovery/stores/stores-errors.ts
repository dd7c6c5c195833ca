import { defineErrorCode } from '../../sdk/errors/index.ts';

export const STORES_CLUSTER = defineErrorCode('holdfast.recovery.stores-cluster', {
  what: 'The schema stores of workers hold schemas of several registries, of none, or not of the one that was named.',
  mend: 'Name the registry with --cluster; the message lists those that are known.',
});

export const STORES_PREFER = defineErrorCode('holdfast.recovery.stores-prefer', {
  what: 'The store that is to be preferred where stores contradict is none of those that were named.',
  mend: 'Write --prefer as one of the stores after --from-store is written.',
});

export const STORES_TOPIC_MISSING = defineErrorCode('holdfast.recovery.stores-topic-missing', {
  what: 'The topic that should hold the schema store of workers does not exist.',
  mend: 'Check the name: it is the setting schema.store.topic of the workers; --bootstrap-servers must be their Kafka.',
});
