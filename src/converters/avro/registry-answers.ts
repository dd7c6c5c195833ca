/** What a converter makes of the registry's answers. */
import { DataError, defineErrorCode, EnvironmentError } from '../../sdk/errors/index.ts';
import type { RegisteredSchema, SchemaQuestion, SchemaView } from '../../sdk/schema-view.ts';

/** The code of a call for which the registry was not asked before. */
export const NOT_PREPARED = defineErrorCode('holdfast.converters.not-prepared', {
  what: 'A record was to be converted before the registry was asked for its schema, or the answer was evicted since.',
  mend: 'Nothing: the batch is prepared and converted again. If it lasts, raise max.schemas.per.subject.',
});

/**
 * The schema that answers the question.
 *
 * Throws the error of the answer as it is, so that a missing registry parks the task and is never taken for bad data (invariant 3); only a
 * refusal of the data gets Kafka Connect's words around it.
 */
export function answerOrThrow(view: SchemaView, question: SchemaQuestion, prefix: () => string): RegisteredSchema {
  const answer = view.peek(question);
  switch (answer.kind) {
    case 'known':
      return answer.schema;
    case 'waiting':
      throw answer.error;
    case 'refused': {
      const { error } = answer;
      if (!(error instanceof DataError)) throw error;
      throw new DataError(prefix(), { code: error.code, cause: error });
    }
    case 'unasked':
      throw new EnvironmentError(
        'The schema of a record is not known yet: the converter has to prepare the batch first, and will.',
        { code: NOT_PREPARED },
      );
  }
}
