/** What a call of the registry came to, as the error that a converter throws. Its message names what, where and how to mend it. */
import { ConnectError } from '../sdk/errors/index.ts';
import type { SchemaQuestion } from '../sdk/schema-view.ts';
import type { CallResult } from './node-exchange.ts';
import {
  REGISTRY_AUTHORIZATION,
  REGISTRY_BAD_URL,
  REGISTRY_ID_UNUSABLE,
  REGISTRY_INCOMPATIBLE,
  REGISTRY_INVALID_SCHEMA,
  REGISTRY_SUBJECT_UNKNOWN,
  RegistryConfigError,
  RegistryUnavailableError,
  SchemaRejectedError,
} from './registry-errors.ts';
import { idOf } from './registry-requests.ts';
import { HIGHEST_ID, isUsableId } from './usable-ids.ts';

/** The error of a result that settles a question for the worse, or of something that was thrown on the way. */
export function refusalOf(failed: unknown, question?: SchemaQuestion): ConnectError {
  if (failed instanceof ConnectError) return failed;
  if (!isCallResult(failed)) {
    // Ended by the closing of the client, or a mistake of ours: never the record's fault.
    return new RegistryUnavailableError('The question to the schema registry was broken off; it is asked again.', {
      cause: failed,
    });
  }
  const { verdict, status, issuer } = failed;
  const reason = withoutStop(failed.reason);
  if (issuer !== undefined && issuer !== 'away') return issuer;
  if (verdict.class === 'config' || verdict.class === 'refresh-credentials') {
    return status === 401 || status === 403
      ? new RegistryConfigError(
          `The schema registry refuses the credentials: ${reason}. Check basic.auth.* or bearer.auth.*.`,
          {
            code: REGISTRY_AUTHORIZATION,
          },
        )
      : new RegistryConfigError(
          `No schema registry answers under schema.registry.url: ${reason}. Check scheme, host, port, path and TLS settings.`,
          { code: REGISTRY_BAD_URL },
        );
  }
  if (verdict.class === 'negative' || verdict.class === 'refresh-and-retry') {
    return new SchemaRejectedError(
      `The schema registry has no such subject, version or schema: ${reason}. ${howToRegister(question)}`,
      { code: REGISTRY_SUBJECT_UNKNOWN },
    );
  }
  return new SchemaRejectedError(`The schema registry rejects the schema: ${reason}.`, {
    code: status === 409 ? REGISTRY_INCOMPATIBLE : REGISTRY_INVALID_SCHEMA,
  });
}

/** Only a schema that a record brings along can be registered for it; a latest version has to be there. */
function howToRegister(question: SchemaQuestion | undefined): string {
  if (question?.kind === 'with-metadata') {
    return `Register a version of subject ${question.subject} with the metadata of use.latest.with.metadata.`;
  }
  if (question?.kind !== 'version') return 'Register it, or set auto.register.schemas=true.';
  const { subject, version } = question;
  return version < 0 ? `Register a schema under subject ${subject} first.` : 'Register it.';
}

/** Registries end some of their messages with a full stop, and some not; what it goes into has its own. */
function withoutStop(reason: string): string {
  return reason.replace(/[.\s]+$/, '');
}

/** The answer classified as good, and names a number that no record can carry as the id; undefined: it is one that can. */
export function unusableIdIn({ json, node }: CallResult, subject: string): RegistryConfigError | undefined {
  const id = idOf(json);
  if (id === undefined || isUsableId(id)) return undefined;
  return new RegistryConfigError(
    `The schema registry gave id ${id} to a schema of subject ${subject} at ${node}, which a record has no room for: ids go from 0 to ${HIGHEST_ID}. ` +
      'Look at what gives out the ids of this registry, and restart the task.',
    { code: REGISTRY_ID_UNUSABLE },
  );
}

export function unavailable(
  gateId: string,
  dependency: string,
  reason: string,
  code?: string,
): RegistryUnavailableError {
  return new RegistryUnavailableError(`Waiting for ${dependency}${reason === '' ? '' : `: ${withoutStop(reason)}`}.`, {
    gateId,
    ...(code === undefined ? {} : { code }),
  });
}

function isCallResult(value: unknown): value is CallResult {
  return typeof value === 'object' && value !== null && 'verdict' in value && 'reason' in value;
}
