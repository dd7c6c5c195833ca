import type { Difference } from './compare-answers.ts';

/** A difference that is meant: which, and why. Each has to occur, or the run fails: a list of excuses must not outlive them. */
export interface AllowedDifference {
  /** `group/request`; a text stands for exactly one, a pattern for all that match. */
  readonly request: string | RegExp;
  /** Where in the answer. */
  readonly at: string | RegExp;
  /** Only if the texts are these; JSON where they are no text. */
  readonly upstream?: string | RegExp;
  readonly holdfast?: string | RegExp;
  /** Only if this holds between the two values. */
  readonly holds?: (upstream: unknown, holdfast: unknown) => boolean;
  /** For the users who read it in docs/compat.md. */
  readonly reason: string;
}

/** Takes the allowed ones out, and remembers which excuses were needed. */
export class DifferenceFilter {
  private readonly allowed: readonly AllowedDifference[];
  private readonly used = new Set<AllowedDifference>();

  constructor(options: { readonly allowed: readonly AllowedDifference[] }) {
    this.allowed = options.allowed;
  }

  remaining(request: string, differences: readonly Difference[]): Difference[] {
    return differences.filter((difference) => {
      const excuse = this.allowed.find((each) => covers(each, request, difference));
      if (excuse !== undefined) this.used.add(excuse);
      return excuse === undefined;
    });
  }

  unused(): readonly AllowedDifference[] {
    return this.allowed.filter((each) => !this.used.has(each));
  }
}

function covers(allowed: AllowedDifference, request: string, difference: Difference): boolean {
  return (
    matches(allowed.request, request) &&
    matches(allowed.at, difference.at) &&
    matches(allowed.upstream, shown(difference.upstream)) &&
    matches(allowed.holdfast, shown(difference.holdfast)) &&
    (allowed.holds?.(difference.upstream, difference.holdfast) ?? true)
  );
}

function matches(pattern: string | RegExp | undefined, text: string): boolean {
  if (pattern === undefined) return true;
  return typeof pattern === 'string' ? pattern === text : pattern.test(text);
}

/** As the report and the patterns have it. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
}

/** One request's differences, for people. */
export function report(title: string, differences: readonly Difference[]): string {
  const lines = differences.map(
    ({ at, upstream, holdfast }) => `  ${at}\n    upstream: ${cut(upstream)}\n    holdfast: ${cut(holdfast)}`,
  );
  return [title, ...lines].join('\n');
}

function cut(value: unknown): string {
  const text = shown(value);
  return text.length > 700 ? `${text.slice(0, 700)}… (${text.length} characters)` : text;
}
