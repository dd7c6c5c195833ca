/** Asks one registry one question, over as many nodes and requests as it takes, and says what that came to. */
import type { Clock } from '../foundation/clock.ts';
import type { RegisteredSchema, SchemaQuestion } from '../sdk/schema-view.ts';
import { type Acknowledged, acknowledgedBy, type Denied } from './acknowledged.ts';
import { Denials } from './denials.ts';
import type { CallResult, RegistryEndpoints } from './endpoints.ts';
import type { FailureContext } from './failure-classes.ts';
import type { IdVerifier } from './id-verifier.ts';
import type { KnownAnswer, KnownSchemas } from './known-schemas.ts';
import { MisleadingAnswers } from './misleading-answers.ts';
import type { Missing } from './missing-things.ts';
import { NodeProgressProbe } from './node-progress.ts';
import { causeOf } from './outage-causes.ts';
import type { AccessKind } from './outages.ts';
import type { ContradictionListener } from './passing-contradictions.ts';
import type { OutageCause, ProbeOutcome } from './prober.ts';
import { gateOf } from './question-gates.ts';
import { refusalOf, unusableIdIn } from './refusals.ts';
import {
  REGISTRY_ID_FROM_FUTURE,
  REGISTRY_ID_NOT_SEEN,
  REGISTRY_ID_UNKNOWN,
  REGISTRY_NOT_SUPPORTED,
  REGISTRY_READ_ONLY,
  REGISTRY_SUBJECT_LAGS,
  RegistryConfigError,
  SchemaRejectedError,
} from './registry-errors.ts';
import type { RegistryKnowledge } from './registry-knowledge.ts';
import {
  byGuidRequest,
  byIdRequest,
  bySubjectRequest,
  contextOf,
  idOf,
  lookupRequest,
  placeOf,
  registerRequest,
  schemaTextOf,
  usableIdOf,
} from './registry-requests.ts';
import { SignOfLife } from './sign-of-life.ts';
import { judgedByMode } from './subject-mode.ts';
import { isAbsurdId, judgeUnknownId } from './unknown-ids.ts';

type Question<K extends SchemaQuestion['kind']> = Extract<SchemaQuestion, { kind: K }>;
type BySubject = Question<'lookup'> | Question<'version'> | Question<'with-metadata'>;

/** What a question came to; `provesWrites`: in a way that shows that new schemas are taken. */
export type Finding = Found & { readonly provesWrites?: boolean };

type Found =
  | { readonly kind: 'known'; readonly known: KnownAnswer }
  | Acknowledged
  | Denied
  /** No node gave a usable answer: an outage of this kind of access. */
  | ({ readonly kind: 'away'; readonly access: AccessKind } & OutageCause)
  /** The registry works, but this one thing is not there yet: it gets a gate of its own. */
  | { readonly kind: 'missing'; readonly missing: Missing };

export interface QuestionFinderOptions {
  readonly endpoints: RegistryEndpoints;
  readonly known: KnownSchemas;
  readonly knowledge: RegistryKnowledge;
  readonly verifier: IdVerifier;
  readonly clock: Clock;
  /** `unknown.id.max.gap` */
  readonly maxGap: number;
  /** `registry.settle.window.ms` */
  readonly settleWindowMs: number;
  /** Clock.monotonic() of the end of the last outage that was seen. */
  readonly outageEndedAt: () => number | null;
  /** Invariant 6: an id that was asked for on account of another question has other content than before. */
  readonly contradicted: ContradictionListener;
}

const RECHECK_MS = 1000;

export function accessOf(question: SchemaQuestion): AccessKind {
  return question.kind === 'register' ? 'write' : 'read';
}

export class QuestionFinder {
  private readonly options: QuestionFinderOptions;
  private readonly progress: NodeProgressProbe;
  private readonly denials: Denials;
  private readonly life: SignOfLife;
  private readonly misleading: MisleadingAnswers;

  constructor(options: QuestionFinderOptions) {
    this.options = options;
    this.progress = new NodeProgressProbe(options);
    this.denials = new Denials(options.clock);
    this.life = new SignOfLife(options);
    this.misleading = new MisleadingAnswers({ ...options, denials: this.denials, life: this.life });
  }

  /** Throws IntegrityError (invariant 6), or the signal's reason. */
  find(key: string, question: SchemaQuestion, signal: AbortSignal): Promise<Finding> {
    switch (question.kind) {
      case 'by-id':
        return this.findById(key, question, signal);
      case 'register':
        return this.register(key, question, signal);
      case 'by-guid':
        return this.findByGuid(key, question, signal);
      default:
        return this.findBySubject(key, question, signal);
    }
  }

  /** A registration of what is registered already needs no primary: replicas answer a look-up. undefined: it does. */
  async lookUp(question: Question<'register'>, signal: AbortSignal): Promise<Acknowledged | Denied | undefined> {
    const { subject, schema, normalize } = question;
    const context = this.context();
    const result = await this.options.endpoints.call(lookupRequest(subject, schema, normalize), signal, { context });
    return result.verdict.class === 'ok' ? acknowledgedBy(question, result) : undefined;
  }

  /** The barrier is met: the id may be used. Throws RegistryIntegrityError when it is known with other content (invariant 6). */
  accept(key: string, { question, result }: Acknowledged): KnownAnswer {
    return this.settle(key, question, result, schemaTextOf(result.json) === undefined);
  }

  /** Invariant 5: reads a suspect id back and compares its content. */
  async readBack(key: string, question: SchemaQuestion, known: KnownAnswer, signal: AbortSignal): Promise<Finding> {
    const what = { context: contextOf(question.subject), id: known.schema.id };
    const { outcome, reason, retryAfterMs } = await this.options.verifier.verify(what);
    if (outcome === 'away') return { kind: 'away', access: 'read', reason, retryAfterMs };
    if (outcome === 'equal') {
      this.options.known.renew(what);
      return { kind: 'known', known: this.options.known.answer(key) ?? known };
    }
    // The new primary doesn't have it, so the registration was lost: it is made again, and its id compared. Until then it is not forgotten: a
    // registry that takes no writes yet is asked again later, and the comparison has to be made then.
    const finding = await this.find(key, question, signal);
    if (finding.kind === 'denied') this.options.known.forget(key);
    return finding.kind === 'acknowledged' ? { ...finding, replaced: known } : finding;
  }

  /** Do reads work? */
  probe(signal: AbortSignal): Promise<ProbeOutcome> {
    return this.life.probe(signal);
  }

  /** Whether something else is served than what this asks for. */
  servesOthers(question: SchemaQuestion, signal: AbortSignal): Promise<boolean> {
    const but = question.kind === 'by-id' ? { context: contextOf(question.subject), id: question.id } : undefined;
    return this.life.servesOthers(signal, but);
  }

  /** After an outage: what was denied before counts no more, and any node may be another one. */
  startOver(): void {
    this.options.endpoints.reverify();
    this.progress.forget();
    this.denials.clear();
  }

  private async findById(key: string, question: Question<'by-id'>, signal: AbortSignal): Promise<Finding> {
    const { id, subject } = question;
    const { maxGap } = this.options;
    const recent = this.isSettling() ? [] : this.progress.recentlyTold(contextOf(subject));
    if (isAbsurdId(id, recent, maxGap)) return unknownId(id, 'it lies far from every id that the registry gave out');
    const result = await this.options.endpoints.call(byIdRequest(id, subject), signal, { context: this.context() });
    if (result.verdict.class === 'ok') return { kind: 'known', known: this.settle(key, question, result, false) };
    if (result.verdict.class !== 'refresh-and-retry') return this.unsettled(key, question, result, signal);
    const { deniedForMs, rounds } = this.denials.add(key);
    const nodes = await this.progress.ask(contextOf(subject), signal);
    const verdict = judgeUnknownId({ id, deniedForMs, rounds, settling: this.isSettling(), nodes, maxGap });
    if (verdict.kind === 'denied') return unknownId(id, verdict.why);
    const fromFuture = verdict.kind === 'from-future';
    const { gate, dependency } = gateOf(question);
    return missing({
      gate,
      dependency,
      reason: fromFuture
        ? `${dependency} lies above ${verdict.highestId}, the highest id of every node: the registry may have lost data`
        : `no node knows ${dependency} yet`,
      code: fromFuture ? REGISTRY_ID_FROM_FUTURE : REGISTRY_ID_NOT_SEEN,
      fromFuture,
    });
  }

  /** A denial that lasts: somebody has read the topic, and no change of primary explains it. */
  private mayBeBelieved(): boolean {
    return this.options.endpoints.anyHasRead && !this.isSettling();
  }

  /** There is no highest GUID: what no node has is believed to be missing after a while. */
  private async findByGuid(key: string, question: Question<'by-guid'>, signal: AbortSignal): Promise<Finding> {
    const { guid } = question;
    const result = await this.options.endpoints.call(byGuidRequest(guid), signal, { context: this.context() });
    const text = schemaTextOf(result.json);
    if (result.verdict.class === 'ok' && text !== undefined) {
      this.denials.delete(key);
      return { kind: 'known', known: this.options.known.settle(question, { id: -1, ...text }, result.node, false) };
    }
    if (isWithout(result)) return notSupported(`GUIDs, and a record names its schema by one: ${result.reason}`);
    if (result.verdict.class !== 'refresh-and-retry') return this.unsettled(key, question, result, signal);
    if (this.denials.add(key).isLasting && this.mayBeBelieved()) {
      const message = `The registry has no schema with GUID ${guid}: nodes that are ready deny it. The record was written with another registry.`;
      return { kind: 'denied', error: new SchemaRejectedError(message, { code: REGISTRY_ID_UNKNOWN }) };
    }
    return missing({
      ...gateOf(question),
      reason: `no node knows schema GUID ${guid} yet`,
      code: REGISTRY_ID_NOT_SEEN,
      fromFuture: false,
    });
  }

  private async register(key: string, question: Question<'register'>, signal: AbortSignal): Promise<Finding> {
    const { endpoints, known, knowledge } = this.options;
    const { subject, schema, normalize } = question;
    const highestId = known.highestId(contextOf(subject)) ?? 0;
    const context = this.context({ hasReferences: schema.references.length > 0 });
    let wasRepeated = false;
    const post = async (more: FailureContext): Promise<CallResult> => {
      const result = await endpoints.call(registerRequest(subject, schema, normalize), signal, {
        context: { ...context, ...more },
        // A registration that may have been written is looked for before it is sent again.
        resolveUnknown: () => {
          wasRepeated = true;
          return endpoints.call(lookupRequest(subject, schema, normalize), signal, { believesOne: true });
        },
      });
      if (result.verdict.class !== 'needs-mode') return result;
      return judgedByMode(endpoints, subject, result, { ...this.context(), ...more }, signal);
    };
    const result = await this.twice(post, signal);
    const { verdict } = result;
    const provesWrites = isOfPrimary(result);
    if (verdict.class === 'park-read-only') {
      const readOnly = missing({
        ...gateOf(question),
        reason:
          verdict.mode === null
            ? `subject ${subject} takes no schema now, and not every node could be asked for its mode: ${result.reason}`
            : `subject ${subject} is in mode ${verdict.mode}: nothing can be registered until an operator sets it to READWRITE`,
        code: REGISTRY_READ_ONLY,
        fromFuture: false,
      });
      return { ...readOnly, provesWrites };
    }
    if (verdict.class !== 'ok') {
      const found = this.mayLag(result)
        ? this.lacking(key, question, result)
        : await this.unsettled(key, question, result, signal);
      return { ...found, provesWrites };
    }
    this.denials.delete(key);
    const id = usableIdOf(result.json);
    // Replicas answer by themselves for what is registered already, which what is sent again may be by now; a new id comes from the primary.
    const isNew = id !== undefined && id > highestId;
    if (isNew && (!wasRepeated || result.node === knowledge.primary())) {
      knowledge.observe({ kind: 'written', node: result.node });
    }
    return { ...acknowledgedBy(question, result), provesWrites };
  }

  /** What a schema refers to may not have been read yet, nor the end of a mode. */
  private mayLag({ verdict, status, errorCode, reason }: CallResult): boolean {
    if (verdict.class === 'refresh-and-retry') return true;
    if (errorCode === 42205) return this.isSettling();
    // Of Apicurio: two nodes made the subject at the same time, or this one has not read yet that it is there.
    return status === 409 && reason.includes('already exists');
  }

  private async findBySubject(key: string, question: BySubject, signal: AbortSignal): Promise<Finding> {
    const { subject } = question;
    const request = bySubjectRequest(question);
    const context = this.context({
      // What a schema refers to by its number has been there.
      seenBefore: this.options.known.hasSeen(subject) || (question.kind === 'version' && question.version >= 1),
      hasReferences: question.kind === 'lookup' && question.schema.references.length > 0,
    });
    const ask = (more: FailureContext): Promise<CallResult> =>
      this.options.endpoints.call(request, signal, { context: { ...context, ...more } });
    const result = await this.twice(ask, signal);
    if (result.verdict.class === 'ok') {
      if (question.kind === 'lookup') return acknowledgedBy(question, result);
      const error = unusableIdIn(result, subject);
      if (error !== undefined) return { kind: 'denied', error };
      return { kind: 'known', known: this.settle(key, question, result, false) };
    }
    if (question.kind === 'with-metadata' && isWithout(result)) {
      return notSupported(`versions by their metadata (use.latest.with.metadata): ${result.reason}`);
    }
    if (result.verdict.class !== 'refresh-and-retry') return this.unsettled(key, question, result, signal);
    return this.lacking(key, question, result);
  }

  /** What lag may explain is waited for until it lasts. */
  private lacking(key: string, question: BySubject | Question<'register'>, result: CallResult): Finding {
    const { subject } = question;
    if (this.denials.add(key).isLasting && this.mayBeBelieved()) {
      return { kind: 'denied', error: refusalOf(result, question) };
    }
    return missing({
      ...gateOf(question),
      reason: `what is asked for of subject ${subject} was not found, which a node that lags explains: ${result.reason}`,
      code: REGISTRY_SUBJECT_LAGS,
      fromFuture: false,
    });
  }

  /** A refusal that lag may explain is believed when it comes twice. */
  private async twice(ask: (more: FailureContext) => Promise<CallResult>, signal: AbortSignal): Promise<CallResult> {
    const first = await ask({});
    if (first.verdict.class !== 'data' || !first.verdict.recheck) return first;
    await this.options.clock.sleep(RECHECK_MS, signal);
    return ask({ rechecked: true });
  }

  private settle(key: string, question: SchemaQuestion, result: CallResult, sent: boolean): KnownAnswer {
    const text = schemaTextOf(result.json) ?? ('schema' in question ? question.schema : undefined);
    const id = question.kind === 'by-id' ? question.id : idOf(result.json);
    if (text === undefined || id === undefined)
      throw new TypeError('An answer without id or schema passed for a good one.');
    const subject = question.subject === undefined ? {} : { subject: question.subject };
    const schema: RegisteredSchema = { id, ...text, ...subject, ...placeOf(result.json) };
    this.denials.delete(key);
    return this.options.known.settle(question, schema, result.node, sent);
  }

  private async unsettled(
    key: string,
    question: SchemaQuestion,
    result: CallResult,
    signal: AbortSignal,
  ): Promise<Finding> {
    const { verdict } = result;
    if (verdict.class !== 'park') return { kind: 'denied', error: refusalOf(result, question) };
    const access = accessOf(question);
    if (verdict.misleading !== true) return { kind: 'away', access, ...causeOf(result) };
    const judged = await this.misleading.judge(key, question, result, signal);
    return judged.kind === 'away' ? { access, ...judged } : judged;
  }

  private context(more: FailureContext = {}): FailureContext {
    return { settling: this.isSettling(), ...more };
  }

  /** Denials are not believed yet: a change of primary, or an outage, has only just ended. */
  isSettling(): boolean {
    const { clock, knowledge, outageEndedAt, settleWindowMs } = this.options;
    const now = clock.monotonic();
    return [knowledge.lastChangeAt(), outageEndedAt()].some((at) => at !== null && now - at < settleWindowMs);
  }
}

/**
 * Only who writes compares a schema with those of its subject, and looks at its mode. That a schema is invalid, or not allowed, a replica says by
 * itself, without a primary.
 */
function isOfPrimary({ verdict, status, errorCode }: CallResult): boolean {
  return verdict.class === 'ok' || status === 409 || errorCode === 42205;
}

/** The registry's web server knows no such path. */
function isWithout({ verdict, status, errorCode }: CallResult): boolean {
  if (status !== 404 && status !== 405) return false;
  return verdict.class === 'config' || (verdict.class === 'park' && errorCode === status);
}

function notSupported(what: string): Finding {
  const message = `The schema registry does not have ${what}. Use a registry that has it, or select schemas by their ids.`;
  return { kind: 'denied', error: new RegistryConfigError(message, { code: REGISTRY_NOT_SUPPORTED }) };
}

function missing(what: Missing): Finding {
  return { kind: 'missing', missing: what };
}

function unknownId(id: number, why: string): Finding {
  const error = new SchemaRejectedError(
    `The registry has no schema with id ${id}: ${why}. The record was written with another registry, or is not in the registry's wire format.`,
    { code: REGISTRY_ID_UNKNOWN },
  );
  return { kind: 'denied', error };
}
