/**
 * Knows the secrets that are in use, and strikes them out of texts that leave the process: log lines, error answers, traces, headers.
 * Invariant 8: whoever repeats a secret in a message, a plugin say, does not make it show.
 *
 * What is too short or too common to be told from ordinary text is left alone, because `[hidden]` in place of every `true` or `8083` would
 * make logs unreadable without hiding anything: fewer than {@link LEAST_LENGTH} characters, up to seven digits, and a few words. Up to seven
 * characters are struck out as a word of their own only. Encoded forms are known too: percent-encoded, as JSON text, in base64, alone or
 * behind a user's name, and the lines of a text of several lines. Where secrets overlap or contain each other, all that belongs to one of
 * them goes. Changes cost one pass over all that is known, when the next text is searched.
 */
import { Masking } from './masking.ts';
import { ANYWHERE_LENGTH, canBeTold, formsOf, LEAST_LENGTH } from './secret-forms.ts';
import { TextSearch } from './text-search.ts';

/** What stands in place of a secret. */
export const HIDDEN = '[hidden]';

/** Secrets that nobody holds any more, and those of configurations that were only checked. */
const PASSING_LIMIT = 2_000;

/** Of the code units of a text, the end not counted. */
interface Run {
  readonly start: number;
  readonly end: number;
}

const NO_RUNS: readonly Run[] = [];

const WORD = /[\p{L}\p{N}_]/u;

export class SecretRegistry {
  private readonly held = new Map<string, ReadonlySet<string>>();
  /** The oldest first. */
  private readonly passing = new Set<string>();
  /** By how many owners each is known, the passing ones being one. */
  private readonly known = new Map<string, number>();
  /** Of how many known secrets each is a form. */
  private readonly forms = new Map<string, number>();
  /** Forms that the search does not know yet; may be gone again. */
  private fresh: string[] = [];
  private someAreGone = false;
  private search = new TextSearch([]);

  /** Secrets without an owner; the latest two thousand are kept, and all of the latest call. */
  add(secrets: Iterable<string>): void {
    const latest = new Set<string>();
    for (const secret of secrets) {
      if (!canBeTold(secret)) continue;
      if (!this.passing.delete(secret)) this.know(secret);
      this.passing.add(secret);
      latest.add(secret);
    }
    const limit = Math.max(PASSING_LIMIT, latest.size);
    for (const oldest of this.passing) {
      if (this.passing.size <= limit) break;
      this.passing.delete(oldest);
      this.forget(oldest);
    }
  }

  /** What an owner uses now. What it used before is still struck out for a while: a connection that was refused may say so late. */
  hold(owner: string, secrets: Iterable<string>): void {
    const now = new Set([...secrets].filter(canBeTold));
    const before = this.held.get(owner) ?? [];
    for (const secret of now) this.know(secret);
    this.held.set(owner, now);
    this.leave(before, now);
  }

  /** The owner is gone. */
  release(owner: string): void {
    const before = this.held.get(owner) ?? [];
    this.held.delete(owner);
    this.leave(before);
  }

  /** All that it knows, for a copy in another thread. */
  secrets(): readonly string[] {
    return [...this.known.keys()];
  }

  /** The text with {@link HIDDEN} in place of every secret; the same text if there is none in it. */
  mask(text: string): string {
    const runs = this.runs(text);
    if (runs.length === 0) return text;
    let masked = '';
    let from = 0;
    for (const { start, end } of runs) {
      masked += text.slice(from, start) + HIDDEN;
      from = end;
    }
    return masked + text.slice(from);
  }

  /** Where secrets stand, in order; those that overlap are one. */
  runs(text: string): readonly Run[] {
    if (text.length < LEAST_LENGTH) return NO_RUNS;
    let runs: { start: number; end: number }[] | null = null;
    this.upToDate().find(
      text,
      (start, end) => end - start >= ANYWHERE_LENGTH || isWord(text, start, end),
      (start, end) => {
        runs ??= [];
        const last = runs.at(-1);
        if (last === undefined || start >= last.end) runs.push({ start, end });
        else last.end = Math.max(last.end, end);
      },
    );
    return runs ?? NO_RUNS;
  }

  /** Where the end of the text begins that may be the beginning of a secret; the length of the text if it is none. */
  unfinishedFrom(text: string): number {
    return this.upToDate().unfinishedFrom(text);
  }

  /**
   * Every text inside of objects, arrays, maps, sets and errors, as far as JSON would show them; the same value if there is no secret in it.
   * An object that contains one comes back as a plain copy; in it, references that form a cycle and parts too large to be searched are texts.
   * Never throws.
   */
  maskAll(value: unknown): unknown {
    return new Masking((text) => this.mask(text)).of(value);
  }

  private leave(before: Iterable<string>, now: ReadonlySet<string> = new Set()): void {
    const gone = [...before].filter((secret) => !now.has(secret));
    this.add(gone);
    for (const secret of before) this.forget(secret);
  }

  private know(secret: string): void {
    const owners = this.known.get(secret) ?? 0;
    this.known.set(secret, owners + 1);
    if (owners > 0) return;
    for (const form of formsOf(secret)) {
      if (form.length < LEAST_LENGTH) continue;
      const count = this.forms.get(form) ?? 0;
      this.forms.set(form, count + 1);
      if (count === 0) this.fresh.push(form);
    }
  }

  private forget(secret: string): void {
    const owners = this.known.get(secret) ?? 0;
    if (owners > 1) {
      this.known.set(secret, owners - 1);
      return;
    }
    this.known.delete(secret);
    for (const form of formsOf(secret)) {
      const count = this.forms.get(form) ?? 0;
      if (count > 1) this.forms.set(form, count - 1);
      else if (this.forms.delete(form)) this.someAreGone = true;
    }
  }

  private upToDate(): TextSearch {
    if (this.fresh.length === 0 && !this.someAreGone) return this.search;
    const { texts } = this.search;
    // Two sorted parts, which are cheap to sort as one.
    const all = [...texts, ...this.fresh.sort()];
    this.search = new TextSearch(this.someAreGone ? all.filter((form) => this.forms.has(form)) : all);
    this.fresh = [];
    this.someAreGone = false;
    return this.search;
  }
}

function isWord(text: string, start: number, end: number): boolean {
  const isPart = (at: number): boolean => at >= 0 && at < text.length && WORD.test(text.charAt(at));
  return !(isPart(start - 1) && isPart(start)) && !(isPart(end) && isPart(end - 1));
}
