/** Does a registry serve anything at all? What is asked to find out, and which answers count. */
import type { Clock } from '../foundation/clock.ts';
import type { CallResult, RegistryEndpoints, RegistryRequest } from './endpoints.ts';
import { wrongSettings } from './failure-classes.ts';
import type { KnownSchemas } from './known-schemas.ts';
import { causeOf } from './outage-causes.ts';
import { type ContradictionListener, readInPassing } from './passing-contradictions.ts';
import type { ProbeOutcome } from './prober.ts';
import { byIdRequest, schemaTextOf, subjectsRequest } from './registry-requests.ts';
import type { ContextId } from './schema-contents.ts';
import { contextSubject } from './subject-context.ts';

export interface SignOfLifeOptions {
  readonly endpoints: RegistryEndpoints;
  readonly known: KnownSchemas;
  readonly clock: Clock;
  /** `registry.settle.window.ms` */
  readonly settleWindowMs: number;
  readonly contradicted: ContradictionListener;
}

interface Look {
  /** What was asked for; undefined: the list of subjects, as no id is known. */
  readonly id: ContextId | undefined;
  readonly result: CallResult;
}

/** A node that comes back denies what it has not read yet; not for longer than that, as a rule. */
const REPLAYED_AFTER_MS = 2000;
/** What is known and denied for so long is each question's own trouble: others need not wait for it. */
const DOUBTED_FOR_MS = 10_000;

export class SignOfLife {
  private readonly options: SignOfLifeOptions;
  private doubtedSince: number | null = null;

  constructor(options: SignOfLifeOptions) {
    this.options = options;
  }

  /**
   * The highest id that is known, which a node that replays its topic reads last; `but` excepted. One with other content than before is
   * served all the same: that is told, and concerns who uses it. Throws RegistryIntegrityError when the registry is another one.
   */
  private async look(signal: AbortSignal, but?: ContextId): Promise<Look> {
    const { endpoints, known, contradicted } = this.options;
    const id = this.highest(but);
    const result = await endpoints.call(requestOf(id), signal);
    const text = schemaTextOf(result.json);
    if (result.verdict.class === 'ok' && id !== undefined && text !== undefined) {
      readInPassing(() => known.read(id.id, text, contextSubject(id.context), result.node), contradicted);
    }
    return { id, result };
  }

  /**
   * Do reads work? A known schema has to come back with its content. A comeback begins with 404s, and proxies with answers of their own:
   * neither is believed at once, nor doubted for ever.
   */
  async probe(signal: AbortSignal): Promise<ProbeOutcome> {
    const { endpoints, clock, settleWindowMs } = this.options;
    const { id, result } = await this.look(signal);
    const looksWrong = result.verdict.class === 'config' && result.issuer === undefined;
    const judged = looksWrong ? { ...result, verdict: wrongSettings(await endpoints.servedBefore()) } : result;
    const isMisleading = judged.verdict.class !== result.verdict.class;
    // The list of subjects may be for others only: then a question that somebody has must find out, now and then.
    const maySaySo = isMisleading && id === undefined && result.status === 403;
    // What looks like a wrong setting is no sign of life of a registry that served before, however long it lasts.
    if (judged.verdict.class === 'park' && !maySaySo) {
      this.doubtedSince = null;
      return { ok: false, ...causeOf(judged) };
    }
    if (result.verdict.class !== 'ok') {
      this.doubtedSince ??= clock.monotonic();
      const doubtedForMs = clock.monotonic() - this.doubtedSince;
      const mayBeDeleted = id !== undefined && doubtedForMs >= REPLAYED_AFTER_MS;
      if (
        doubtedForMs < Math.min(settleWindowMs, DOUBTED_FOR_MS) &&
        !(mayBeDeleted && (await this.servesAgain(id, signal)))
      ) {
        return { ok: false, ...causeOf(judged) };
      }
    }
    this.doubtedSince = null;
    return maySaySo ? { ok: true, isUnsure: true } : { ok: true };
  }

  /** Whether something else than `but` is served, in the registry's own words: that it lacks the id counts as well. */
  async servesOthers(signal: AbortSignal, but?: ContextId): Promise<boolean> {
    const { result } = await this.look(signal, but);
    return result.verdict.class !== 'park' && result.verdict.class !== 'config';
  }

  /** The highest id alone may have been deleted for good by somebody: then another one that is known comes back. */
  private async servesAgain(but: ContextId, signal: AbortSignal): Promise<boolean> {
    const { id, result } = await this.look(signal, but);
    return id !== undefined && result.verdict.class === 'ok';
  }

  private highest(but: ContextId | undefined): ContextId | undefined {
    const { known } = this.options;
    const isOther = ({ context, id }: ContextId): boolean => context !== but?.context || id !== but?.id;
    const ofDefault = known.highestId('');
    if (ofDefault !== undefined && isOther({ context: '', id: ofDefault })) return { context: '', id: ofDefault };
    let highest: ContextId | undefined;
    for (const each of known.contents.ids()) {
      const rank = each.context === '' ? 1 : 0;
      const best = highest?.context === '' ? 1 : 0;
      if (isOther(each) && (highest === undefined || rank > best || (rank === best && each.id > highest.id)))
        highest = each;
    }
    return highest;
  }
}

function requestOf(id: ContextId | undefined): RegistryRequest {
  if (id === undefined) return subjectsRequest();
  return byIdRequest(id.id, contextSubject(id.context));
}
