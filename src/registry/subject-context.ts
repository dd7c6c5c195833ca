/** `:.context:subject` counts ids in a context of its own; '' is the default one. */
export function contextOf(subject: string | undefined): string {
  return /^:\.([^:]*):/.exec(subject ?? '')?.[1] ?? '';
}
