/** What `--only` and `--map` say: which subjects are taken, and under which names. */
import { contextOf, contextSubject } from '../../registry/subject-context.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import { MAP_INVALID } from './restore-errors.ts';

type Rename = (subject: string) => string | undefined;

export class SubjectRules {
  /** Some subjects are left out. */
  readonly isSubset: boolean;
  readonly renames: boolean;
  private readonly patterns: readonly RegExp[];
  private readonly rules: readonly Rename[];

  /**
   * @param only subjects, or patterns with `*`; none: all
   * @param map FROM=TO, of subjects, of patterns with one `*` each, or of contexts, as `:.old:=:.new:`; `:.:` is the default context. The
   *   first that fits counts
   * @throws ConfigError `holdfast.recovery.map-invalid`
   */
  constructor({ only, map }: { readonly only: readonly string[]; readonly map: readonly string[] }) {
    this.isSubset = only.length > 0;
    this.renames = map.length > 0;
    this.patterns = only.map(patternOf);
    this.rules = map.map(ruleOf);
  }

  takes(subject: string): boolean {
    return !this.isSubset || this.patterns.some((pattern) => pattern.test(subject));
  }

  /** What reserves ids moves with its context, and has no other name. */
  renamed(subject: string): string {
    for (const rule of this.rules) {
      const to = rule(subject);
      if (to === undefined) continue;
      if (!isReservedSubject(subject) || isReservedSubject(to)) return to;
    }
    return subject;
  }

  /** Of a setting: null is the whole registry, `:.context:` a context. */
  renamedScope(scope: string | null): string | null {
    const to = this.renamed(scope ?? ':.:');
    return to === ':.:' || to === '' ? null : to;
  }

  /**
   * As it is written in a schema or config of `owner`, whose new name is known. What leaves the default context is named with its new one, which
   * either vendor finds: to Karapace, a bare name is never one of a context.
   * @throws ConfigError `holdfast.recovery.map-invalid`: no name in another context leads into the default one
   */
  renamedReference(reference: string, full: string, owner: string): string {
    const to = this.renamed(full);
    const isQualified = /^:\.[^:]*:/.test(reference);
    const leavesDefault = contextOf(full) === '' && contextOf(to) !== '';
    if (!isQualified && !leavesDefault && contextOf(to) === contextOf(owner)) return bareOf(to);
    if (contextOf(to) === '' && contextOf(owner) !== '') {
      throw invalid(
        `--map brings ${full} into the default context as ${to}, and ${owner}, which refers to it, would not be there: nothing in another ` +
          'context can refer to it. Map both',
      );
    }
    return to;
  }
}

function patternOf(text: string): RegExp {
  if (text === '') throw invalid('--only names no subject');
  return new RegExp(`^${text.split('*').map(escaped).join('.*')}$`, 's');
}

function ruleOf(text: string): Rename {
  const at = text.indexOf('=');
  const [from, to] = [text.slice(0, at), text.slice(at + 1)];
  if (at <= 0 || to === '') throw invalid(`--map ${text} is not of the form FROM=TO`);
  if (isContext(from) !== isContext(to)) throw invalid(`--map ${text} has a context on one side alone`);
  if (isContext(from)) {
    const [before, after] = [contextOf(from), contextOf(to)];
    return (subject) =>
      contextOf(subject) === before ? `${contextSubject(after) ?? ''}${bareOf(subject)}` : undefined;
  }
  const stars = from.split('*').length - 1;
  if (stars !== to.split('*').length - 1 || stars > 1) {
    throw invalid(`--map ${text} must have one * on each side, or none`);
  }
  if (stars === 0) return (subject) => (subject === from ? to : undefined);
  const pattern = patternOf(from);
  const [head = '', tail = ''] = from.split('*');
  // Any text is any text of a name: a pattern without a context does not take subjects out of theirs.
  const isOfContexts = from.startsWith(':.');
  return (subject) =>
    (isOfContexts || contextOf(subject) === '') && pattern.test(subject) && subject.length >= head.length + tail.length
      ? to.replace('*', () => subject.slice(head.length, subject.length - tail.length))
      : undefined;
}

function isContext(text: string): boolean {
  return /^:\.[^:]*:$/.test(text);
}

function bareOf(subject: string): string {
  return subject.replace(/^:\.[^:]*:/, '');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function invalid(reason: string): ConfigError {
  return new ConfigError(`${reason}. A subject, a pattern with *, or a context such as :.old: is meant.`, {
    code: MAP_INVALID,
  });
}
