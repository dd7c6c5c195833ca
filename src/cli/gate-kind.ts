/** What a gate of a registry stands before, in a few words: `id` for `registry:<id>:id:42` and for `registry:<id>:id:.europe:42`. */

const KINDS: ReadonlySet<string> = new Set(['read', 'write', 'id', 'guid', 'subject', 'barrier', 'answer', 'slow']);

export function gateKind(gateId: string): string {
  const kind = gateId.split(':')[2] ?? '';
  // Newer ids are GUIDs.
  if (kind === 'guid') return 'id';
  return KINDS.has(kind) ? kind : 'other';
}

/** The registry of a gate; undefined: the gate stands before something else. */
export function registryOfGate(gateId: string | null): string | undefined {
  const [what, id] = gateId?.split(':') ?? [];
  return what === 'registry' && id !== undefined && id !== '' ? id : undefined;
}
