/** Looks at configs and modes. */
import { contextOf } from '../../registry/subject-context.ts';
import type { StateReplay } from '../state/state-replay.ts';
import type { FindingBook } from './finding-book.ts';

export function checkSettings(state: StateReplay, book: FindingBook): void {
  const subjects = new Set(state.subjects());
  for (const subject of state.configSubjects()) {
    const offset = state.config(subject)?.offset ?? 0;
    if (isOrphan(subject, subjects)) {
      book.add(
        'orphan-config',
        { subject, offsets: [offset] },
        `There is a config of ${subject}, which has no versions.`,
      );
    }
  }
  for (const subject of state.modeSubjects()) {
    const found = state.mode(subject);
    if (found === undefined) continue;
    const at = { ...(subject === null ? {} : { subject }), offsets: [found.offset] };
    if (isOrphan(subject, subjects)) {
      book.add('orphan-mode', at, `There is a mode of ${subject}, which has no versions.`);
    }
    const mode = String(found.value['mode']);
    const of = subject === null ? 'The registry' : subject;
    if (mode === 'IMPORT') book.add('import-mode-on', at, `${of} is in mode IMPORT.`);
    if (mode.startsWith('READONLY')) book.add('readonly-mode-on', at, `${of} is in mode ${mode}.`);
  }
}

/** A context's own setting (`:.context:`) and the whole registry's need no versions. */
function isOrphan(subject: string | null, subjects: ReadonlySet<string>): subject is string {
  if (subject === null || subjects.has(subject)) return false;
  return subject !== `:.${contextOf(subject)}:`;
}
