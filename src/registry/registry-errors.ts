/** Codes and errors of the registry client. */
import {
  brandErrorClass,
  ConfigError,
  DataError,
  defineErrorCode,
  EnvironmentError,
  IntegrityError,
} from '../sdk/errors/index.ts';

export const REGISTRY_UNAVAILABLE = defineErrorCode('holdfast.registry.unavailable', {
  what: 'No node of the schema registry gave a usable answer: refused, hung, or an error that passes.',
  mend: 'Bring a node of the registry named in the message back. The task waits and goes on by itself; nothing is lost.',
});

export const REGISTRY_UNUSED = defineErrorCode('holdfast.registry.unused', {
  what: 'No task has used a schema registry for a minute, as when its password or URL was changed: nothing is asked of it any more.',
  mend: 'Nothing has to be mended. A task that uses it later opens it again.',
});

export const REGISTRY_MISLEADING = defineErrorCode('holdfast.registry.looks-misconfigured', {
  what: 'A registry that served before with these settings answers like a wrong setting: 401, 403, 404 of a proxy, 3xx, a bad certificate.',
  mend: 'Look at what stands before the registry (ingress, proxy, certificate, whatever checks the users). The task waits and goes on by itself. If the address or the credentials were changed there, change them here.',
});

export const REGISTRY_SETTINGS_DIFFER = defineErrorCode('holdfast.registry.settings-differ', {
  what: 'Converters give different values to a setting of which a registry has one for all tasks; the value that came first is kept.',
  mend: 'Give the setting of the line the same value everywhere, best among the settings of the worker, and restart the worker.',
});

export const REGISTRY_UNIDENTIFIED = defineErrorCode('holdfast.registry.unidentified', {
  what: 'A node of the schema registry serves, but what stands before it fails the question which cluster it belongs to (/v1/metadata/id).',
  mend: 'Let /v1/metadata/id through, if only as 404: until then nothing tells whether another registry stands behind the URL.',
});

export const REGISTRY_NODE = defineErrorCode('holdfast.registry.node', {
  what: 'A node of the schema registry stopped answering, or answers again; the other nodes serve meanwhile.',
  mend: 'Bring the node named in the line back. It gets its share again by itself.',
});

export const REGISTRY_ID_UNUSABLE = defineErrorCode('holdfast.registry.id.unusable', {
  what: 'The registry acknowledged a schema with an id that the four bytes of a record have no room for: below 0, above 2147483647, or no whole number.',
  mend: 'Look at what gives out the ids of the registry named in the message: it has to stay in that range. Then restart the task.',
});

export const REGISTRY_FAULT = defineErrorCode('holdfast.registry.fault', {
  what: 'The registry client failed in a way that it does not know. It goes on, and asks again.',
  mend: 'This is a mistake in the program: report it with the whole line.',
});

export const REGISTRY_TLS_FILES = defineErrorCode('holdfast.registry.tls-files', {
  what: 'A trust store or key store of a schema registry was renewed, and can not be used as it is now. What was read before stays in use.',
  mend: 'Correct the file that the line names. It is read again by itself when it changes.',
});

export const REGISTRY_STORE = defineErrorCode('holdfast.registry.store', {
  what: 'The schema store can not be written, or holds an entry that can not be read. Records flow on.',
  mend: 'Look at the disk or topic that the line names. Until then a restart during an outage would not know new schemas.',
});

export const REGISTRY_PENDING = defineErrorCode('holdfast.registry.pending', {
  what: 'The schema registry was asked and has not answered yet.',
  mend: 'Nothing: the task goes on as soon as the answer arrives. If it stays, look at the latency of the registry.',
});

export const REGISTRY_SLOW = defineErrorCode('holdfast.registry.slow', {
  what: 'The schema registry was asked and has not answered for a second; the tasks that need the answer are parked.',
  mend: 'Nothing if it passes. If it stays, look at the nodes that the message names: they take connections and answer nothing, as a frozen process does, or lag behind.',
});

export const REGISTRY_READ_ONLY = defineErrorCode('holdfast.registry.read-only', {
  what: 'The subject or the whole registry is in mode READONLY or IMPORT, so nothing can be registered there.',
  mend: 'Set the mode back to READWRITE (PUT /mode/<subject>) when the migration is done. The task waits for it.',
});

export const REGISTRY_SUBJECT_LAGS = defineErrorCode('holdfast.registry.subject.not-seen', {
  what: 'A subject or version that was seen before, or asked for right after an outage, is not found: a lagging replica explains that.',
  mend: 'Usually nothing: it is asked for again. If it stays, check the replicas for lag and the subject for deletion.',
});

export const REGISTRY_BARRIER = defineErrorCode('holdfast.registry.barrier', {
  what: 'A schema was registered, but not every node that has to know it can be read from yet.',
  mend: 'Usually nothing: the nodes are read again. If it stays, look at the node that the message names.',
});

export const REGISTRY_SECOND_LOOK = defineErrorCode('holdfast.registry.second-look', {
  what: 'More than 100,000 new schema ids wait to be read once more. What comes beyond is read when these are done, if the schema store has it.',
  mend: 'Find out who registers so many schemas, or raise registry.revalidate.max.per.second.',
});

export const REGISTRY_ID_NOT_SEEN = defineErrorCode('holdfast.registry.id.not-seen', {
  what: 'A record carries a schema id that no node of the registry knows yet, which a lagging replica explains.',
  mend: 'Usually nothing: the partition waits while the nodes are asked again. If it stays, check the replicas for lag.',
});

export const REGISTRY_ID_FROM_FUTURE = defineErrorCode('holdfast.registry.id.from-future', {
  what: 'A record carries a schema id a little above the highest id of every node: the registry probably lost data.',
  mend: 'Compare the _schemas topic with a backup and restore what is missing, or set unknown.id.action to fail or report.',
});

export const REGISTRY_ID_UNKNOWN = defineErrorCode('holdfast.registry.id.unknown', {
  what: 'A record carries a schema id that the registry does not have; nodes that are ready and caught up deny it.',
  mend: 'The record was not written with this registry, or is no such record. Skip it, or point schema.registry.url at the right registry.',
});

export const REGISTRY_NOT_SUPPORTED = defineErrorCode('holdfast.registry.not-supported', {
  what: 'A record or a setting needs something that this registry does not have: GUIDs, or versions by their metadata.',
  mend: 'Use a registry that has it (Confluent 7.4 for metadata, 8.0 for GUIDs), or write and select schemas by their ids.',
});

export const REGISTRY_SUBJECT_UNKNOWN = defineErrorCode('holdfast.registry.subject.unknown', {
  what: 'The registry has no such subject, version, or no such schema under the subject.',
  mend: 'Register the schema under the subject named in the message, or set auto.register.schemas=true.',
});

export const REGISTRY_INCOMPATIBLE = defineErrorCode('holdfast.registry.schema.incompatible', {
  what: 'The schema is not compatible with the versions that its subject has.',
  mend: 'Change the schema so that the compatibility level of its subject allows it, or change the level.',
});

export const REGISTRY_INVALID_SCHEMA = defineErrorCode('holdfast.registry.schema.invalid', {
  what: 'The registry rejected the schema, subject or version as invalid.',
  mend: "Correct what the registry's own words in the message name.",
});

export const REGISTRY_UNUSABLE = defineErrorCode('holdfast.registry.schema.unusable', {
  what: 'A schema nests more than 1000 deep, or the name of a subject is no well-formed text. No registry is asked about it.',
  mend: 'Correct the schema or the name in the message, or what made it. Only the records that need it are concerned.',
});

export const REGISTRY_AUTHORIZATION = defineErrorCode('holdfast.registry.authorization', {
  what: 'The registry rejected the credentials, or they do not allow the request.',
  mend: 'Check basic.auth.*, bearer.auth.* or the key store, and what the registry allows this user.',
});

export const REGISTRY_BAD_URL = defineErrorCode('holdfast.registry.url', {
  what: 'What answers under schema.registry.url is not a schema registry, or can not be reached as written.',
  mend: 'Check scheme, host, port and path of schema.registry.url, and the TLS settings.',
});

export const REGISTRY_PARK_TIMEOUT = defineErrorCode('holdfast.registry.park-timeout', {
  what: 'The registry stayed away for longer than registry.park.timeout.ms, so the task gave up waiting.',
  mend: 'Bring the registry back and restart the task, or raise registry.park.timeout.ms (-1 waits without limit).',
});

export const REGISTRY_CONTENT_CHANGED = defineErrorCode('holdfast.registry.content-changed', {
  what: 'A schema id resolves to other content than before.',
  mend: 'Stop writing, compare both contents named in the message with the _schemas topic, and restore the right one.',
});

export const REGISTRY_ID_LOST = defineErrorCode('holdfast.registry.id.lost', {
  what: 'A schema id that the registry acknowledged is gone, or the schema has another id now.',
  mend: 'Restore the id from a backup of the _schemas topic, or write again the records that the message names; then restart the task.',
});

export const REGISTRY_IDS_WENT_BACK = defineErrorCode('holdfast.registry.ids-went-back', {
  what: 'The registry lost the highest ids that it gave out, and gives out ids anew that records carry already.',
  mend: 'Stop writing, restore the _schemas topic from a backup that reaches the highest id named in the message, and restart the tasks.',
});

export const REGISTRY_OTHER_CLUSTER = defineErrorCode('holdfast.registry.other-cluster', {
  what: 'A registry URL leads to another cluster than before, or the URLs of one list lead to different clusters.',
  mend: 'Correct schema.registry.url. If the change is wanted, remove the schema store and restart the worker.',
});

export const REGISTRY_BAD_REQUEST = defineErrorCode('holdfast.registry.question', {
  what: 'A question to the registry coordinator is not of the form it understands.',
  mend: 'This is a mistake in the program: report it with the message.',
});

/** The registry is away, slow, lagging or not ready. Invariant 3: the task parks at the gate it names. */
export class RegistryUnavailableError extends EnvironmentError {
  static override readonly defaultCode: string = REGISTRY_UNAVAILABLE;
  static {
    brandErrorClass(this, 'RegistryUnavailableError');
  }
}

/** The registry denied a schema for good: bad data, an incompatible schema, an id that does not exist. */
export class SchemaRejectedError extends DataError {
  static override readonly defaultCode: string = REGISTRY_INVALID_SCHEMA;
  static {
    brandErrorClass(this, 'SchemaRejectedError');
  }
}

/** Credentials, address or TLS settings are wrong. */
export class RegistryConfigError extends ConfigError {
  static override readonly defaultCode: string = REGISTRY_BAD_URL;
  static {
    brandErrorClass(this, 'RegistryConfigError');
  }
}

/**
 * The park limit passed. A ConfigError, because it fails the task and must never be tolerated (invariant 3: an outage, however long,
 * is not bad data).
 */
export class RegistryParkTimeoutError extends ConfigError {
  static override readonly defaultCode: string = REGISTRY_PARK_TIMEOUT;
  static {
    brandErrorClass(this, 'RegistryParkTimeoutError');
  }
}

/** An id with other content, another cluster behind a URL, or an id that the registry lost. */
export class RegistryIntegrityError extends IntegrityError {
  static override readonly defaultCode: string = REGISTRY_CONTENT_CHANGED;
  static {
    brandErrorClass(this, 'RegistryIntegrityError');
  }
}
