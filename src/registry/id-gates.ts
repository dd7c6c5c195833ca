/** What is called after one schema id: the gates of an id that is missing, or not read back yet. Ids count per context. */

/** What follows `registry:<id>:` in the gate's id: `id:6`, and `id:.europe:6` outside of the default context, which is ''. */
export function idGate(kind: 'id' | 'barrier', context: string, id: number): string {
  return context === '' ? `${kind}:${id}` : `${kind}:.${context}:${id}`;
}

/** The id, in words. */
export function idInWords(context: string, id: number): string {
  return context === '' ? `schema id ${id}` : `schema id ${id} (context .${context})`;
}

/** What waits at this gate waits for an id that no node has yet. */
export function isIdGate(gateId: string): boolean {
  return gateId.split(':')[2] === 'id';
}
