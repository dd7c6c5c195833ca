import { defineErrorCode } from './codes.ts';
import { brandErrorClass, ConnectError, type ConnectErrorOptions } from './connect-error.ts';

/** The code of {@link RetriableError}. */
export const CONNECT_RETRIABLE = defineErrorCode('holdfast.connect.retriable', {
  what: 'A call failed in a way that its plugin expects to pass.',
  mend: 'Nothing: the same records are tried again. If it does not pass, look at the system the plugin talks to.',
});

/**
 * A failure that is worth another try with the same records.
 *
 * From `SinkTask.put`: the same records again, their partitions paused meanwhile. From a converter or transformation: again until
 * `errors.retry.timeout` has passed.
 */
export class RetriableError extends ConnectError {
  static override readonly defaultCode: string = CONNECT_RETRIABLE;
  static {
    brandErrorClass(RetriableError, 'RetriableError');
  }
}

/** The code of {@link DataError}. */
export const DATA_INVALID = defineErrorCode('holdfast.data.invalid', {
  what: 'A record, value or schema is not what the step that met it can work with.',
  mend: 'Correct the data at its source, or tolerate it with errors.tolerance=all and a dead letter queue.',
});

/** The data is bad. The only failure that error tolerance may ever see. */
export class DataError extends ConnectError {
  static override readonly defaultCode: string = DATA_INVALID;
  static {
    brandErrorClass(DataError, 'DataError');
  }
}

/** The code of {@link SchemaBuilderError}. */
export const DATA_SCHEMA_BUILDER = defineErrorCode('holdfast.data.schema-builder', {
  what: 'A schema was described in a way that cannot be built.',
  mend: 'Correct the calls of the SchemaBuilder that the message names.',
});

/** A `SchemaBuilder` was used wrongly. */
export class SchemaBuilderError extends DataError {
  static override readonly defaultCode: string = DATA_SCHEMA_BUILDER;
  static {
    brandErrorClass(SchemaBuilderError, 'SchemaBuilderError');
  }
}

/** The code of {@link SchemaProjectorError}. */
export const DATA_SCHEMA_PROJECTION = defineErrorCode('holdfast.data.schema-projection', {
  what: 'A value could not be projected from the schema it was written with onto another one.',
  mend: 'Make the two schemas compatible: the message names the attribute in which they differ.',
});

/** A value can't be projected from one schema onto another. */
export class SchemaProjectorError extends DataError {
  static override readonly defaultCode: string = DATA_SCHEMA_PROJECTION;
  static {
    brandErrorClass(SchemaProjectorError, 'SchemaProjectorError');
  }
}

/** The code of {@link EnvironmentError}. */
export const ENVIRONMENT_UNAVAILABLE = defineErrorCode('holdfast.environment.unavailable', {
  what: 'A system that the task depends on is not there, slow, not ready or lagging.',
  mend: 'Bring the system named in the message back. The task waits for it and goes on by itself.',
});

/** What an {@link EnvironmentError} carries. */
export interface EnvironmentErrorOptions extends ConnectErrorOptions {
  /** The id of the `DependencyGate` to wait on. Without one the call is tried again with back-off. */
  readonly gateId?: string;
}

/**
 * Something the task depends on is not there, slow, not ready or lagging.
 *
 * Invariant 3: it never consumes error tolerance, never reaches a dead letter queue, never skips a record and never by itself turns a
 * task FAILED. The task parks.
 *
 * `details.skippable: true` says that the record at hand alone is concerned, as by a schema id that nobody knows: an operator may have it
 * skipped.
 */
export class EnvironmentError extends ConnectError {
  static override readonly defaultCode: string = ENVIRONMENT_UNAVAILABLE;
  /** The id of the `DependencyGate` to wait on, or undefined. */
  readonly gateId: string | undefined;

  constructor(message: string, options: EnvironmentErrorOptions = {}) {
    super(message, options);
    this.gateId = options.gateId;
  }

  static {
    brandErrorClass(EnvironmentError, 'EnvironmentError');
  }
}

/** The code of {@link ConfigError}. */
export const CONFIG_INVALID = defineErrorCode('holdfast.config.invalid', {
  what: 'A setting is missing or has a value that is not allowed.',
  mend: 'Correct the settings that the message lists; the reference page of settings names their types and limits.',
});

/** One mistake in a configuration. */
export interface ConfigProblem {
  /** The key as the user wrote it. */
  readonly key: string;
  /** What is wrong with it, in Kafka Connect's words. Never the value of a secret. */
  readonly message: string;
}

/** What a {@link ConfigError} carries. */
export interface ConfigErrorOptions extends ConnectErrorOptions {
  /** All mistakes found, in order of the settings' definition. */
  readonly problems?: readonly ConfigProblem[];
}

/** The configuration is wrong. Fails the connector or task, and is never tolerated. */
export class ConfigError extends ConnectError {
  static override readonly defaultCode: string = CONFIG_INVALID;
  /** All mistakes found; empty if the message says it all. */
  readonly problems: readonly ConfigProblem[];

  constructor(message: string, options: ConfigErrorOptions = {}) {
    super(message, options);
    this.problems = Object.freeze([...(options.problems ?? [])]);
  }

  static {
    brandErrorClass(ConfigError, 'ConfigError');
  }
}

/** The code of {@link UnsupportedOperationError}. */
export const CONNECT_UNSUPPORTED = defineErrorCode('holdfast.connect.unsupported', {
  what: 'A plugin was asked for something that it does not support, such as having its offsets altered from outside.',
  mend: 'Do it in the system that the plugin talks to, or leave it.',
});

/** A plugin does not support what it was asked for. From `alterOffsets`: the offsets of this connector can't be altered from outside. */
export class UnsupportedOperationError extends ConnectError {
  static override readonly defaultCode: string = CONNECT_UNSUPPORTED;
  static {
    brandErrorClass(UnsupportedOperationError, 'UnsupportedOperationError');
  }
}

/** The code of {@link NotFoundError}. */
export const CONNECT_NOT_FOUND = defineErrorCode('holdfast.connect.not-found', {
  what: 'The connector, task, plugin or other thing asked for does not exist.',
  mend: 'Check the name for a mistake, and list what exists.',
});

/** What was asked for does not exist. */
export class NotFoundError extends ConnectError {
  static override readonly defaultCode: string = CONNECT_NOT_FOUND;
  static {
    brandErrorClass(NotFoundError, 'NotFoundError');
  }
}

/** The code of {@link AlreadyExistsError}. */
export const CONNECT_ALREADY_EXISTS = defineErrorCode('holdfast.connect.already-exists', {
  what: 'Something of this name exists already.',
  mend: 'Choose another name, or change the existing one instead of creating it.',
});

/** What was to be created exists already. */
export class AlreadyExistsError extends ConnectError {
  static override readonly defaultCode: string = CONNECT_ALREADY_EXISTS;
  static {
    brandErrorClass(AlreadyExistsError, 'AlreadyExistsError');
  }
}

/** The code of {@link IllegalStateError}. */
export const CONNECT_ILLEGAL_STATE = defineErrorCode('holdfast.connect.illegal-state', {
  what: 'A call came at a time at which its object does not allow it.',
  mend: 'Call in the order that the contract describes. If no plugin of yours is involved, report it.',
});

/** A call came in a state that does not allow it. */
export class IllegalStateError extends ConnectError {
  static override readonly defaultCode: string = CONNECT_ILLEGAL_STATE;
  static {
    brandErrorClass(IllegalStateError, 'IllegalStateError');
  }
}

/** The code of {@link IntegrityError}. */
export const CONNECT_INTEGRITY = defineErrorCode('holdfast.connect.integrity', {
  what: 'Something that must never change was found changed, so going on could corrupt data.',
  mend: 'Stop, keep the logs, and compare the two contents that the message names before anything is restarted.',
});

/** What must never change did. Fails the tasks concerned, and is never tolerated nor retried. */
export class IntegrityError extends ConnectError {
  static override readonly defaultCode: string = CONNECT_INTEGRITY;
  static {
    brandErrorClass(IntegrityError, 'IntegrityError');
  }
}
