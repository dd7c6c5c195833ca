/** `:.context:subject` counts ids in a context of its own; '' is the default one. */
export function contextOf(subject: string | undefined): string {
  return /^:\.([^:]*):/.exec(subject ?? '')?.[1] ?? '';
}

/** What stands for a whole context where a subject is asked for; undefined: the default one. */
export function contextSubject(context: string): string | undefined {
  return context === '' ? undefined : `:.${context}:`;
}
