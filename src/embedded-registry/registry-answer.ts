/** What a node answers, and the errors of the registries' REST API with their status and error_code. */

export interface RegistryAnswer {
  readonly status: number;
  /** A string is sent as plain text, anything else as JSON. */
  readonly body: unknown;
  /** Lower-case names; on top of content-type. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Ends the evaluation of a request with an error answer. Never leaves the registry. */
export class RegistryFailure extends Error {
  readonly answer: RegistryAnswer;

  constructor(status: number, code: number, message: string | readonly string[]) {
    super(String(message));
    this.name = 'RegistryFailure';
    this.answer = { status, body: { error_code: code, message } };
  }
}

export const ok = (body: unknown): RegistryAnswer => ({ status: 200, body });

/** The rows of the table of error codes; each makes the error that is thrown. */
export const failures = {
  subjectNotFound: (subject: string) => new RegistryFailure(404, 40401, `Subject '${subject}' not found.`),
  versionNotFound: (version: number | string) => new RegistryFailure(404, 40402, `Version ${version} not found.`),
  schemaNotFound: () => new RegistryFailure(404, 40403, 'Schema not found'),
  idNotFound: (id: number) => new RegistryFailure(404, 40403, `Schema ${id} not found`),
  subjectSoftDeleted: (subject: string) =>
    new RegistryFailure(404, 40404, `Subject '${subject}' was soft deleted. Set permanent=true to delete permanently`),
  subjectNotSoftDeleted: (subject: string) =>
    new RegistryFailure(404, 40405, `Subject '${subject}' was not deleted first before being permanently deleted`),
  versionSoftDeleted: (subject: string, version: number) =>
    new RegistryFailure(
      404,
      40406,
      `Subject '${subject}' Version ${version} was soft deleted. Set permanent=true to delete permanently`,
    ),
  versionNotSoftDeleted: (subject: string, version: number) =>
    new RegistryFailure(
      404,
      40407,
      `Subject '${subject}' Version ${version} was not deleted first before being permanently deleted`,
    ),
  noSubjectConfig: (subject: string) =>
    new RegistryFailure(404, 40408, `Subject '${subject}' does not have subject-level compatibility configured`),
  noSubjectMode: (subject: string) =>
    new RegistryFailure(404, 40409, `Subject '${subject}' does not have subject-level mode configured`),
  incompatible: (code: number, subject: string, details: readonly string[]) =>
    new RegistryFailure(
      409,
      code,
      `Schema being registered is incompatible with an earlier schema for subject "${subject}", details: [${details.join(', ')}]`,
    ),
  invalidSchema: (details: string) => new RegistryFailure(422, 42201, details),
  invalidVersion: (version: string) =>
    new RegistryFailure(
      422,
      42202,
      `The specified version '${version}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string "latest"`,
    ),
  invalidCompatibilityLevel: () =>
    new RegistryFailure(
      422,
      42203,
      'Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive',
    ),
  invalidMode: () =>
    new RegistryFailure(
      422,
      42204,
      'Invalid mode. Valid values are READWRITE, READONLY, READONLY_OVERRIDE, and IMPORT',
    ),
  operationNotPermitted: (message: string) => new RegistryFailure(422, 42205, message),
  referenceExists: (subject: string, version: number) =>
    new RegistryFailure(
      422,
      42206,
      `One or more references exist to the schema {magic=1,keytype=SCHEMA,subject=${subject},version=${version}}.`,
    ),
  idDoesNotMatch: (given: number, actual: number) =>
    new RegistryFailure(422, 42207, `Schema id ${given} does not match the id ${actual} that this schema has`),
  invalidSubject: (subject: string) =>
    new RegistryFailure(422, 42208, `The specified subject '${subject}' is not a valid.`),
  schemaTooLarge: (bytes: number, limit: number) =>
    new RegistryFailure(422, 42209, `The schema is too large: ${bytes} bytes, at most ${limit} are taken`),
  badRequest: (message: string) => new RegistryFailure(400, 400, message),
  unprocessableBody: (message: string) => new RegistryFailure(422, 422, [message]),
  notFound: () => new RegistryFailure(404, 404, 'HTTP 404 Not Found'),
  methodNotAllowed: () => new RegistryFailure(405, 405, 'HTTP 405 Method Not Allowed'),
  unsupportedMediaType: () => new RegistryFailure(415, 415, 'HTTP 415 Unsupported Media Type'),
  storeError: () => new RegistryFailure(500, 50001, 'Register operation failed while writing to the Kafka store'),
  storeTimeout: () => new RegistryFailure(500, 50002, 'Write to the Kafka store timed out'),
  forwardingFailed: () => new RegistryFailure(500, 50003, 'Error while forwarding the request to the master.'),
  noPrimary: (code: 50003 | 50004) =>
    code === 50004 ? new RegistryFailure(500, 50004, 'Leader not known.') : failures.forwardingFailed(),
} as const;

/** Karapace's unhandled errors: no JSON, no error_code. */
export const PLAIN_INTERNAL_ERROR: RegistryAnswer = { status: 500, body: 'Internal Server Error' };
