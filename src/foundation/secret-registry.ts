/**
 * Knows the secrets that are in use, and strikes them out of texts that leave the process: log lines, error answers, traces, headers.
 * Invariant 8: whoever repeats a secret in a message, a plugin say, does not make it show.
 *
 * What is too short or too common to be told from ordinary text is left alone, because `[hidden]` in place of every `true` or `8083` would
 * make logs unreadable without hiding anything: fewer than {@link LEAST_LENGTH} characters, up to seven digits, and a few words. Up to seven
 * characters are struck out as a word of their own only. Encoded forms are known too: percent-encoded, as JSON text, in base64, alone or
 * behind a user's name, and the lines of a text of several lines.
 */
import { Masking } from './masking.ts';

/** What stands in place of a secret. */
export const HIDDEN = '[hidden]';

const LEAST_LENGTH = 4;
/** From here on a secret is found inside of other words as well. */
const ANYWHERE_LENGTH = 8;
const LEAST_LINE = 12;
/** Secrets that nobody holds any more, and those of configurations that were only checked. */
const PASSING_LIMIT = 2_000;

/** Words of our own texts and of many others. As a password, each is known to everybody anyway. */
const COMMON: ReadonlySet<string> = new Set(
  'true false null none undefined default password passwd secret secrets token tokens user username admin root guest test localhost kafka connect connector holdfast plain string source sink topic topics http https file key value earliest latest'.split(
    ' ',
  ),
);

const WORD = /[\p{L}\p{N}_]/u;

interface Form {
  readonly text: string;
  readonly asWord: boolean;
}

export class SecretRegistry {
  private readonly held = new Map<string, ReadonlySet<string>>();
  /** The oldest first. */
  private readonly passing = new Set<string>();
  /** By their first characters, the longest first; null: has to be built. */
  private index: Map<string, readonly Form[]> | null = null;

  /** Secrets without an owner; the latest two thousand are kept. */
  add(secrets: Iterable<string>): void {
    for (const secret of secrets) {
      if (!canBeTold(secret)) continue;
      if (!this.passing.delete(secret)) this.index = null;
      this.passing.add(secret);
    }
    for (const oldest of this.passing) {
      if (this.passing.size <= PASSING_LIMIT) break;
      this.passing.delete(oldest);
      this.index = null;
    }
  }

  /** What an owner uses now. What it used before is still struck out for a while: a connection that was refused may say so late. */
  hold(owner: string, secrets: Iterable<string>): void {
    const before = this.held.get(owner);
    this.held.set(owner, new Set([...secrets].filter(canBeTold)));
    this.index = null;
    if (before !== undefined) this.add(before);
  }

  /** The owner is gone. */
  release(owner: string): void {
    const before = this.held.get(owner);
    this.held.delete(owner);
    if (before !== undefined) this.add(before);
  }

  /** All that it knows, for a copy in another thread. */
  secrets(): readonly string[] {
    return [...new Set([...[...this.held.values()].flatMap((secrets) => [...secrets]), ...this.passing])];
  }

  /** The text with {@link HIDDEN} in place of every secret; the same text if there is none in it. */
  mask(text: string): string {
    if (text.length < LEAST_LENGTH) return text;
    const index = this.indexed();
    if (index.size === 0) return text;
    let masked = '';
    let from = 0;
    const end = text.length - LEAST_LENGTH;
    for (let at = 0; at <= end; at++) {
      const forms = index.get(text.slice(at, at + LEAST_LENGTH));
      if (forms === undefined) continue;
      const found = forms.find((form) => matches(text, at, form));
      if (found === undefined) continue;
      masked += text.slice(from, at) + HIDDEN;
      from = at + found.text.length;
      at = from - 1;
    }
    return from === 0 ? text : masked + text.slice(from);
  }

  /**
   * Every text inside of objects, arrays, maps, sets and errors, as far as JSON would show them; the same value if there is no secret in it.
   * An object that has one comes back as a plain copy, what leads back to itself as text, and so what is too large to be searched.
   * Never throws.
   */
  maskAll(value: unknown): unknown {
    return new Masking((text) => this.mask(text)).of(value);
  }

  private indexed(): Map<string, readonly Form[]> {
    if (this.index !== null) return this.index;
    const byStart = new Map<string, Map<string, Form>>();
    for (const secret of this.secrets()) {
      for (const form of formsOf(secret)) {
        const start = form.text.slice(0, LEAST_LENGTH);
        const forms = byStart.get(start) ?? new Map<string, Form>();
        if (forms.get(form.text)?.asWord !== false) forms.set(form.text, form);
        byStart.set(start, forms);
      }
    }
    this.index = new Map(
      [...byStart].map(([start, forms]) => [start, [...forms.values()].sort((a, b) => b.text.length - a.text.length)]),
    );
    return this.index;
  }
}

function canBeTold(secret: string): boolean {
  const text = secret.trim();
  return text.length >= LEAST_LENGTH && !/^\d{1,7}$/.test(text) && !COMMON.has(text.toLowerCase());
}

function formsOf(secret: string): Form[] {
  const trimmed = secret.trim();
  const texts = new Set([
    secret,
    trimmed,
    percentEncoded(trimmed),
    formEncoded(trimmed),
    JSON.stringify(trimmed).slice(1, -1),
  ]);
  if (trimmed.length >= ANYWHERE_LENGTH) for (const form of base64Forms(trimmed)) texts.add(form);
  for (const line of trimmed.split(/\r\n|\r|\n/)) {
    const part = line.trim();
    // The labels around a key or certificate are the same for everybody.
    if (part.length >= LEAST_LINE && !part.startsWith('-----')) texts.add(part);
  }
  return [...texts]
    .filter((text) => text.length >= LEAST_LENGTH)
    .map((text) => ({ text, asWord: text.length < ANYWHERE_LENGTH }));
}

/** Alone, and behind something else, as in `Basic` of user and password: what it looks like depends on how many bytes stand before it. */
function base64Forms(text: string): string[] {
  const bytes = Buffer.from(text, 'utf8');
  const forms: string[] = [];
  for (const encoding of ['base64', 'base64url'] as const) {
    forms.push(bytes.toString(encoding));
    for (let before = 0; before < 3; before++) {
      const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString(encoding);
      // The characters that are made of its own bits only.
      forms.push(encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6)));
    }
  }
  return forms;
}

function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

function percentEncoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    // Half of a surrogate pair can't be in a URL.
    return text;
  }
}

function matches(text: string, at: number, form: Form): boolean {
  if (!text.startsWith(form.text, at)) return false;
  if (!form.asWord) return true;
  const isWord = (index: number): boolean => index >= 0 && index < text.length && WORD.test(text.charAt(index));
  const end = at + form.text.length;
  return !(isWord(at - 1) && isWord(at)) && !(isWord(end) && isWord(end - 1));
}
