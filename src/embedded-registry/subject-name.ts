/** Subjects of the default context are plain names; those of another one are written `:.context:subject`. */
export interface QualifiedSubject {
  /** '' for the default context. */
  readonly context: string;
  readonly name: string;
}

export function parseSubject(subject: string): QualifiedSubject {
  const match = /^:\.([^:]*):(.*)$/s.exec(subject);
  return match === null ? { context: '', name: subject } : { context: match[1] ?? '', name: match[2] ?? '' };
}

export function contextOf(subject: string): string {
  return parseSubject(subject).context;
}

/** A name without a context of its own is taken to be in this one. */
export function qualify(context: string, subject: string): string {
  return context === '' || /^:\.[^:]*:/.test(subject) ? subject : `:.${context}:${subject}`;
}

/** `:.context:` stands for a whole context where a setting is asked for or put. */
export function isContext(subject: string): boolean {
  const { context, name } = parseSubject(subject);
  return context !== '' && name === '';
}

/** What is within a scope: null is the whole registry, `:.context:` a context, anything else one subject. */
export function isWithin(scope: string | null, subject: string): boolean {
  return scope === null || (isContext(scope) ? contextOf(scope) === contextOf(subject) : scope === subject);
}

/** The default context written out, `:.:name`, is the name alone: one subject has one spelling, and so one key. */
export function canonicalSubject(subject: string): string {
  const { context, name } = parseSubject(subject);
  return context === '' ? name : `:.${context}:${name}`;
}
