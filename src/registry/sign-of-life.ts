/** Does a registry serve anything at all? What is asked to find out, and which answers count. */
import type { CallResult, RegistryEndpoints, RegistryRequest } from './endpoints.ts';
import type { KnownSchemas } from './known-schemas.ts';
import { type ContradictionListener, readInPassing } from './passing-contradictions.ts';
import { byIdRequest, schemaTextOf, subjectsRequest } from './registry-requests.ts';
import type { ContextId } from './schema-contents.ts';
import { contextSubject } from './subject-context.ts';

export interface SignOfLifeOptions {
  readonly endpoints: RegistryEndpoints;
  readonly known: KnownSchemas;
  readonly contradicted: ContradictionListener;
}

export interface Look {
  /** What was asked for; undefined: the list of subjects, as no id is known. */
  readonly id: ContextId | undefined;
  readonly result: CallResult;
}

export class SignOfLife {
  private readonly options: SignOfLifeOptions;

  constructor(options: SignOfLifeOptions) {
    this.options = options;
  }

  /**
   * The highest id that is known, which a node that replays its topic reads last; `but` excepted. One with other content than before is
   * served all the same: that is told, and concerns who uses it. Throws RegistryIntegrityError when the registry is another one.
   */
  async look(signal: AbortSignal, but?: ContextId): Promise<Look> {
    const { endpoints, known, contradicted } = this.options;
    const id = this.highest(but);
    const result = await endpoints.call(requestOf(id), signal);
    const text = schemaTextOf(result.json);
    if (result.verdict.class === 'ok' && id !== undefined && text !== undefined) {
      readInPassing(() => known.read(id.id, text, contextSubject(id.context), result.node), contradicted);
    }
    return { id, result };
  }

  /** Whether something else than `but` is served, in the registry's own words: that it lacks the id counts as well. */
  async servesOthers(signal: AbortSignal, but?: ContextId): Promise<boolean> {
    const { result } = await this.look(signal, but);
    return result.verdict.class !== 'park' && result.verdict.class !== 'config';
  }

  /** The highest id alone may have been deleted for good by somebody: then another one that is known comes back. */
  async servesAgain(but: ContextId, signal: AbortSignal): Promise<boolean> {
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
