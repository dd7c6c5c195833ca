/** The gate of a question that waits for its own trouble only, and what waits there in words. */
import type { SchemaQuestion } from '../sdk/schema-view.ts';
import { idGate, idInWords } from './id-gates.ts';
import type { Missing } from './missing-things.ts';
import { contextOf } from './registry-requests.ts';

export function gateOf(question: SchemaQuestion): Pick<Missing, 'gate' | 'dependency'> {
  switch (question.kind) {
    case 'by-id': {
      const context = contextOf(question.subject);
      return { gate: idGate('id', context, question.id), dependency: idInWords(context, question.id) };
    }
    case 'by-guid':
      return { gate: `guid:${question.guid}`, dependency: `schema GUID ${question.guid}` };
    default:
      return { gate: `subject:${question.subject}`, dependency: `schema registry (subject ${question.subject})` };
  }
}
