/** The codes of what may be wrong with a `_schemas` topic as a whole. */
import { defineErrorCode } from '../../sdk/errors/index.ts';

/** Carried by a ConfigError. */
export const TOPIC_MISSING = defineErrorCode('holdfast.recovery.topic-missing', {
  what: 'The topic of the schema registry does not exist in the cluster.',
  mend: 'Name it with --topic (kafkastore.topic or topic_name of the registry), or the cluster with --bootstrap-servers. If it is lost, restore it.',
});

/** Carried by an EnvironmentError. */
export const TOPIC_CHANGED = defineErrorCode('holdfast.recovery.topic-changed', {
  what: 'The topic of the schema registry was deleted, or made anew, while it was worked on.',
  mend: 'Find out who did it, then begin again. What was read or written until then is not used.',
});

/** Carried by a ConfigError. */
export const TOPIC_EXISTS = defineErrorCode('holdfast.recovery.topic-exists', {
  what: 'A topic that is to be created exists already.',
  mend: 'Choose another name, or delete it if nobody needs it. Holdfast deletes no topic that a plan does not name.',
});

/** Carried by a ConfigError. Invariant 10. */
export const REGISTRY_RUNNING = defineErrorCode('holdfast.recovery.registry-running', {
  what: 'The topic of a schema registry was to be written to while the registry runs.',
  mend: 'Stop every node of the registry that the message names, wait until they have left their group, then run the command again.',
});

/** Carried by a DataError. */
export const RECORD_REFUSED = defineErrorCode('holdfast.recovery.record-refused', {
  what: 'The broker does not take a record that is to be written into the topic of a schema registry.',
  mend: "The message says why: mostly it is larger than the topic's max.message.bytes, or has no key, which a compacted topic does not take.",
});
