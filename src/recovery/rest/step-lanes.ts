/** Sends the requests of a plan several at a time, with the outcome that they have one after the other. */
import { contextOf } from '../../registry/subject-context.ts';
import { isJsonObject } from '../records/json-bytes.ts';
import { referencedSubject } from '../records/referenced-subject.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import { isDenied } from './rest-errors.ts';
import type { RequestStep } from './restore-steps.ts';

export interface StepLanesOptions {
  /** Steps that are under way or wait for others, at most. */
  readonly most: number;
  readonly run: (step: RequestStep) => Promise<void>;
}

/**
 * Steps of one subject go one after the other, an import after all steps so far of the subjects that it refers to. What concerns more than one
 * subject goes alone, and so does the import by which a wide IMPORT is later seen to have been entered: when it is there, all before it has to be.
 *
 * Which version refers to one that is deleted is not in the plan: what is refused is sent again when all before it is done.
 */
export class StepLanes {
  private readonly options: StepLanesOptions;
  /** By subject. */
  private readonly last = new Map<string, Promise<void>>();
  private readonly running = new Set<Promise<void>>();
  private readonly marks = new Set<string>();
  private failure: { readonly cause: unknown } | undefined;

  constructor(options: StepLanesOptions) {
    this.options = options;
  }

  /** Resolves when there is room for another one. @throws what running a step threw */
  async add(step: RequestStep): Promise<void> {
    const subject = this.subjectOf(step);
    if (subject === undefined) {
      await this.finish();
      await this.options.run(step);
      return;
    }
    const after = [subject, ...referencesOf(step, subject)].flatMap((each) => this.last.get(each) ?? []);
    const lane = this.go(step, after, [...this.running])
      .catch((cause: unknown) => {
        this.failure ??= { cause };
      })
      .finally(() => {
        this.running.delete(lane);
        if (this.last.get(subject) === lane) this.last.delete(subject);
      });
    this.running.add(lane);
    this.last.set(subject, lane);
    while (this.running.size >= this.options.most) await Promise.race(this.running);
    this.check();
  }

  /** Resolves when all are done. @throws what running a step threw */
  async finish(): Promise<void> {
    await Promise.all(this.running);
    this.check();
  }

  private async go(
    step: RequestStep,
    after: readonly Promise<void>[],
    before: readonly Promise<void>[],
  ): Promise<void> {
    await Promise.all(after);
    if (this.failure !== undefined) return;
    try {
      await this.options.run(step);
    } catch (error) {
      if (!isDenied(error) || before.length === 0) throw error;
      await Promise.all(before);
      if (this.failure === undefined) await this.options.run(step);
    }
  }

  private check(): void {
    if (this.failure !== undefined) throw this.failure.cause;
  }

  /** undefined: it has to go alone. */
  private subjectOf({ method, path, done }: RequestStep): string | undefined {
    const [, kind, encoded = ''] = /^\/(subjects|mode|config)(?:\/([^/?]+))?/.exec(path) ?? [];
    const subject = decodeURIComponent(encoded);
    const isWide = kind === undefined || subject === '' || subject === `:.${contextOf(subject)}:`;
    if (isWide && method === 'PUT' && done.path.startsWith('/subjects/')) this.marks.add(done.path);
    // Invariant 10: an id is reserved before what comes after it, and nothing that comes before it is left to do.
    if (isWide || isReservedSubject(subject)) return undefined;
    return method === 'POST' && this.marks.has(done.path) ? undefined : subject;
  }
}

function referencesOf({ body }: RequestStep, subject: string): readonly string[] {
  const references = isJsonObject(body) && Array.isArray(body['references']) ? body['references'] : [];
  return references.flatMap((reference: unknown) =>
    isJsonObject(reference) ? [referencedSubject(contextOf(subject), String(reference['subject']))] : [],
  );
}
