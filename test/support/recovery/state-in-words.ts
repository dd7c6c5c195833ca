import { isReservedSubject } from '../../../src/recovery/records/reserved-id.ts';
import type { RegistryState } from '../../../src/recovery/state/registry-state.ts';

/**
 * Everything that a state says but for offsets, and for what was added to reserve ids; a line for each version, configuration and mode, in
 * order, so that two can be compared and a difference read.
 */
export function stateInWords(state: RegistryState): readonly string[] {
  const lines: string[] = [];
  for (const subject of state.subjects()) {
    if (isReservedSubject(subject)) continue;
    for (const { version, id, schemaType, references, content, deleted } of state.versions(subject)) {
      const refs = references.map((ref) => `${ref.name}=${ref.subject}:${ref.version}`).join(',');
      lines.push(`${subject} ${version} is ${id} ${schemaType} [${refs}] ${content}${deleted ? ' deleted' : ''}`);
    }
  }
  for (const scope of state.configSubjects())
    lines.push(`config ${scope} ${JSON.stringify(state.config(scope)?.value)}`);
  for (const scope of state.modeSubjects()) lines.push(`mode ${scope} ${JSON.stringify(state.mode(scope)?.value)}`);
  return lines.sort();
}
