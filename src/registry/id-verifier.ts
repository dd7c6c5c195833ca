/** Reads an id back where its truth is decided, and compares its content with what is known. */
import type { CallResult, RegistryEndpoints } from './endpoints.ts';
import type { RegistryEvent } from './registry-events.ts';
import type { RegistryKnowledge } from './registry-knowledge.ts';
import { byIdRequest, schemaTextOf } from './registry-requests.ts';
import type { ContextId, SchemaContents } from './schema-contents.ts';
import { contextSubject } from './subject-context.ts';

export interface Verification {
  /** `lost`: every node denies it, or the primary if one is known. `away`: nobody could tell. */
  readonly outcome: 'equal' | 'lost' | 'away';
  /** What the nodes said, in one line; empty for `equal`. */
  readonly reason: string;
  readonly retryAfterMs: number;
}

export interface IdVerifierOptions {
  readonly endpoints: RegistryEndpoints;
  readonly knowledge: Pick<RegistryKnowledge, 'primary'>;
  readonly contents: SchemaContents;
  /** Under which subject an id is used, for people. */
  readonly subjectOf?: (what: ContextId) => string | undefined;
  readonly emit: (event: RegistryEvent) => void;
  readonly signal: AbortSignal;
}

export class IdVerifier {
  private readonly options: IdVerifierOptions;
  private count = 0;

  constructor(options: IdVerifierOptions) {
    this.options = options;
  }

  /** Ids read back so far. */
  get done(): number {
    return this.count;
  }

  /** Throws RegistryIntegrityError when a node gives other content than is known (invariant 6), or the signal's reason. */
  async verify(what: ContextId): Promise<Verification> {
    this.count += 1;
    const { emit } = this.options;
    try {
      const verification = await this.read(what);
      emit({ type: 'revalidated', id: what.id, outcome: verification.outcome });
      return verification;
    } catch (error) {
      if (!this.options.signal.aborted) emit({ type: 'revalidated', id: what.id, outcome: 'contradicted' });
      throw error;
    }
  }

  private async read({ context, id }: ContextId): Promise<Verification> {
    const { contents } = this.options;
    const subject = contextSubject(context);
    const answers = await this.ask(byIdRequest(id, subject));
    let found = false;
    for (const { verdict, json, node } of answers) {
      const text = schemaTextOf(json);
      if (verdict.class !== 'ok' || text === undefined) continue;
      const named = this.options.subjectOf?.({ context, id }) ?? subject;
      contents.learn({ id, text, subject: named, node, sent: null });
      found = true;
    }
    if (found) return { outcome: 'equal', reason: '', retryAfterMs: 0 };
    const undecided = answers.find(({ verdict }) => verdict.class !== 'refresh-and-retry');
    if (undecided === undefined) return { outcome: 'lost', reason: answers[0]?.reason ?? '', retryAfterMs: 0 };
    const { verdict, reason } = undecided;
    return { outcome: 'away', reason, retryAfterMs: verdict.class === 'park' ? (verdict.retryAfterMs ?? 0) : 0 };
  }

  /** A replica that lags shows what was true before: the primary decides, or without a known one all nodes together. */
  private async ask(request: ReturnType<typeof byIdRequest>): Promise<CallResult[]> {
    const { endpoints, knowledge, signal } = this.options;
    const primary = knowledge.primary();
    if (primary !== null && endpoints.urls.includes(primary) && endpoints.isAlive(primary)) {
      const answer = await endpoints.callAt(primary, request, signal);
      if (answer.verdict.class !== 'park') return [answer];
    }
    const alive = endpoints.urls.filter((url) => endpoints.isAlive(url));
    // Behind one URL, another connection may lead to another node.
    const fresh = endpoints.urls.length === 1;
    const asked = alive.length === 0 ? endpoints.urls : alive;
    return Promise.all(asked.map((url) => endpoints.callAt(url, request, signal, { fresh })));
  }
}
