/** The questions that wait, by the gate they wait at: what is asked, once each, when it opens. */
import type { SchemaQuestion } from '../sdk/schema-view.ts';

export interface ParkedQuestion {
  readonly key: string;
  readonly question: SchemaQuestion;
  readonly gateId: string;
  /** Clock.monotonic() */
  readonly since: number;
  /** Who waits for it; nobody: it is not asked any more. */
  readonly views: Set<string>;
}

export class ParkedQuestions {
  private readonly byKey = new Map<string, ParkedQuestion>();
  private readonly maxEntries: number;

  /** More than `maxEntries` are not kept: their views ask again once the gate has opened. */
  constructor(options: { readonly maxEntries: number }) {
    this.maxEntries = options.maxEntries;
  }

  get size(): number {
    return this.byKey.size;
  }

  /** How many views wait for one of them or more. */
  get views(): number {
    return new Set([...this.byKey.values()].flatMap(({ views }) => [...views])).size;
  }

  get(key: string): ParkedQuestion | undefined {
    return this.byKey.get(key);
  }

  /** Returns whether it is new. */
  add(parked: ParkedQuestion): boolean {
    const known = this.byKey.get(parked.key);
    if (known === undefined && this.byKey.size >= this.maxEntries) return false;
    if (known !== undefined) for (const view of known.views) parked.views.add(view);
    this.byKey.set(parked.key, known === undefined ? parked : { ...parked, since: known.since });
    return known === undefined;
  }

  delete(key: string): void {
    this.byKey.delete(key);
  }

  at(gateId: string): ParkedQuestion[] {
    return [...this.byKey.values()].filter((parked) => parked.gateId === gateId);
  }

  /**
   * The one that goes first through a half-open gate; each call another one, the longest waiting first. One that nobody waits for any more,
   * because its last view withdrew while it was on its way, is forgotten.
   */
  nextTrial(gateId: string): ParkedQuestion | undefined {
    for (const [key, parked] of this.byKey) {
      if (parked.gateId !== gateId) continue;
      this.byKey.delete(key);
      if (parked.views.size === 0) continue;
      this.byKey.set(key, parked);
      return parked;
    }
    return undefined;
  }

  /** Forgets what, of these or of all, only this view waited for; returns the gates that nobody waits at any more. */
  withdraw(view: string, keys?: ReadonlySet<string>): string[] {
    const left = new Set<string>();
    for (const [key, parked] of this.byKey) {
      if (keys?.has(key) === false) continue;
      if (!parked.views.delete(view) || parked.views.size > 0) continue;
      this.byKey.delete(key);
      left.add(parked.gateId);
    }
    return [...left].filter((gateId) => this.at(gateId).length === 0);
  }
}
