/** Invariant 6: what a registry said against itself, told once each, and held against it until an operator acts. */
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { LruCache } from '../foundation/lru-cache.ts';
import { errorToWire, type IntegrityError } from '../sdk/errors/index.ts';
import { otherContents } from './integrity-errors.ts';
import { REGISTRY_CONTENT_CHANGED, REGISTRY_ID_LOST } from './registry-errors.ts';
import type { RegistryEvent } from './registry-events.ts';
import type { RegistryNotice } from './registry-notices.ts';
import type { ContextId } from './schema-contents.ts';

export interface ContradictionsOptions {
  readonly registryId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly emit: (event: RegistryEvent) => void;
  readonly notify: (notice: RegistryNotice) => void;
  /** The keys of the questions that this id answers; they are to be asked for again. */
  readonly forget: (what: ContextId) => readonly string[];
  /** Something does not mean what it did: is that so of others? */
  readonly doubt: () => void;
}

interface Held {
  readonly error: IntegrityError;
  /** Views from this number on came later: they find out anew. */
  readonly views: number;
}

/** More than that are no news. */
const MAX_REPORTS = 10_000;
const MAX_SHOWN = 50;
const MAX_VIEWS = 20_000;
/** So many ids that changed, and none that did not, are another registry. */
const OTHER_REGISTRY_IDS = 3;

export class Contradictions {
  private readonly options: ContradictionsOptions;
  /** By what each is about, in the words in which it was told. */
  private readonly reported = new Map<string, IntegrityError>();
  /** Those of the reported that somebody who came later did not meet any more: met again, they are news. */
  private readonly mended = new Set<string>();
  private readonly byQuestion: LruCache<string, Held>;
  private distrust: Held | undefined;
  /** In which order views asked for the first time: a task that was restarted has a new one. */
  private readonly views: LruCache<string, number>;
  private viewCount = 0;
  private readonly changed = new Map<number, string>();

  constructor(options: ContradictionsOptions) {
    const { clock } = options;
    this.options = options;
    this.byQuestion = new LruCache({ maxEntries: MAX_REPORTS, clock });
    this.views = new LruCache({ maxEntries: MAX_VIEWS, clock });
  }

  /** One line each, the latest first. */
  get lines(): string[] {
    return [...this.reported.values()]
      .slice(-MAX_SHOWN)
      .reverse()
      .map(({ message }) => message);
  }

  /**
   * Why this question of this view is refused, if it is. Restarting a task is how an operator says that the registry is mended: a view that
   * began later is not refused for what was found before, but asks.
   */
  refusal(key: string, view: string): IntegrityError | undefined {
    let number = this.views.get(view);
    if (number === undefined) {
      number = this.viewCount++;
      this.views.set(view, number);
    }
    const came = number;
    return [this.distrust, this.byQuestion.get(key)].find((held) => held !== undefined && came < held.views)?.error;
  }

  /** The question was answered well by somebody who came later. */
  settled(key: string): void {
    const held = this.byQuestion.get(key);
    // What was under way when the contradiction was found shows nothing.
    if (held === undefined || this.viewCount <= held.views) return;
    this.byQuestion.delete(key);
    // One good answer does not mend what concerns the whole registry: that is told once.
    const about = aboutOf(held.error);
    if (held.error.details?.['registry'] !== true && this.reported.has(about)) this.mended.add(about);
  }

  /** An id was read back as it was. */
  vouched(): void {
    this.changed.clear();
  }

  /**
   * Logged once per contradiction, whatever the number of records, and whoever meets it again at which node, and anew when it was mended in
   * between; every host is told. Returns it in the words in which it was told.
   */
  found(met: IntegrityError, key?: string): IntegrityError {
    const { registryId, notify, forget } = this.options;
    const error = this.report(met);
    const held: Held = { error, views: this.viewCount };
    if (key !== undefined) this.byQuestion.set(key, held);
    const { id, context, registry } = error.details ?? {};
    if (registry === true) {
      this.distrust = held;
      notify({ kind: 'distrusted', registryId, error: errorToWire(error) });
      return error;
    }
    if (typeof id !== 'number' || typeof context !== 'string') return error;
    for (const other of forget({ context, id })) this.byQuestion.set(other, held);
    notify({ kind: 'contradicted', registryId, context, id, error: errorToWire(error) });
    if (error.code === REGISTRY_CONTENT_CHANGED) this.count(id, error);
    return error;
  }

  private count(id: number, error: IntegrityError): void {
    const isNew = !this.changed.has(id);
    this.changed.set(id, error.message);
    if (!isNew) return;
    if (this.changed.size < OTHER_REGISTRY_IDS) {
      this.options.doubt();
      return;
    }
    const found = otherContents([...this.changed.keys()].slice(0, 20), [...this.changed.values()]);
    this.changed.clear();
    this.found(found);
  }

  private report(error: IntegrityError): IntegrityError {
    const about = aboutOf(error);
    const before = this.reported.get(about);
    const isKnown = before !== undefined && !this.mended.delete(about);
    if (isKnown || (before === undefined && this.reported.size >= MAX_REPORTS)) return before ?? error;
    // Shown as the latest.
    this.reported.delete(about);
    this.reported.set(about, error);
    this.options.logger.error('The schema registry contradicts itself; the tasks that need it stop', {
      code: error.code,
      err: error,
    });
    this.options.emit({ type: 'integrity', error });
    return error;
  }
}

/**
 * An id and what it means now, whichever node said so. Content is that of the id, whatever the subject; lost is an id for the subject that it was
 * given for. What concerns the whole registry is told by its words.
 */
function aboutOf({ code, message, details = {} }: IntegrityError): string {
  const { id, context, now, registry } = details;
  if (registry === true || typeof id !== 'number') return message;
  const subject = code === REGISTRY_ID_LOST ? details['subject'] : undefined;
  return JSON.stringify([code, context, id, now ?? message, subject]);
}
