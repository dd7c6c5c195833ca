/** Ids only grow. A registry that was restored from an old backup gives out again what records carry already. */
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { Denials } from './denials.ts';
import type { RegistryEndpoints } from './endpoints.ts';
import type { IdVerifier } from './id-verifier.ts';
import { type IdsAbove, lookForIdsAbove } from './ids-above.ts';
import { idsWentBack } from './integrity-errors.ts';
import { REGISTRY_IDS_WENT_BACK } from './registry-errors.ts';
import { byIdRequest, contextOf, maxIdOf } from './registry-requests.ts';
import type { SchemaContents } from './schema-contents.ts';
import type { BarrierOutcome, Registered } from './write-barrier.ts';

export interface IdOrderOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly endpoints: RegistryEndpoints;
  readonly contents: SchemaContents;
  readonly verifier: Pick<IdVerifier, 'verify'>;
  /** "Not found" may be lag now. */
  readonly isSettling: () => boolean;
  readonly signal: AbortSignal;
}

/** It was found just now: whoever registers a thousand old schemas has it read once. */
const BELIEVED_MS = 1000;
/** So many of the known ids are looked for when the highest one is gone. */
const OTHERS = 3;

interface HeldId {
  isLogged: boolean;
  /** Its registry had no higher one when it gave it: what others register later does not make an old id of it. */
  isNewest: boolean;
}

export class IdOrder {
  private readonly options: IdOrderOptions;
  /** By context: ids below that one are old. */
  private readonly found = new Map<string, { readonly at: number; readonly below: number }>();
  /** By context: of the highest id. */
  private readonly denials: Denials;
  /** By context: the ids that wait until the highest one is denied no more. None of them shows that another one is old. */
  private readonly held = new Map<string, Map<number, HeldId>>();

  constructor(options: IdOrderOptions) {
    this.options = options;
    this.denials = new Denials(options.clock);
  }

  /**
   * An id that is new to us and lower than the highest one that we know is nothing special: the schema was registered by somebody before, or
   * the id was imported. It is when the highest one is gone, and with it everything above the id: a single one may have been deleted for good
   * by somebody. `met: false`: that is not certain yet, or can't be found out. Throws RegistryIntegrityError when it is certain.
   */
  async check(registered: Registered): Promise<BarrierOutcome> {
    const { id, subject, node } = registered;
    const { contents, clock, logger, verifier, isSettling } = this.options;
    const context = contextOf(subject);
    const highest = contents.highestId(context);
    if (highest === undefined || id > highest || contents.at({ context, id }) !== undefined) return { met: true };
    const now = clock.monotonic();
    const found = this.found.get(context);
    const heldBefore = this.held.get(context)?.get(id);
    const isBelieved = found !== undefined && id < found.below && now - found.at < BELIEVED_MS;
    if (isBelieved && heldBefore?.isNewest !== true) return { met: true };
    const { outcome } = await verifier.verify({ context, id: highest });
    let above: IdsAbove | undefined =
      outcome === 'equal'
        ? { kind: 'found', id: highest }
        : outcome === 'lost'
          ? await this.above(registered, highest)
          : undefined;
    if (above?.kind === 'found' && above.id !== highest && heldBefore?.isNewest === true) above = { kind: 'none' };
    if (above?.kind === 'found') {
      this.found.set(context, { at: clock.monotonic(), below: above.id });
      if (above.id === highest || !this.holdsNewest(context)) {
        this.denials.delete(context);
        this.held.delete(context);
      }
      return { met: true };
    }
    const reason = `it is lower than id ${highest}, which the registry gave out before and`;
    if (above === undefined) return { met: false, reason: `${reason} can not be read now` };
    const { rounds, isLasting } = this.denials.add(context);
    const held = heldBefore ?? { isLogged: false, isNewest: false };
    held.isNewest ||= above.kind === 'none';
    const heldNow = rounds === 1 ? new Map<number, HeldId>() : (this.held.get(context) ?? new Map<number, HeldId>());
    this.held.set(context, heldNow.set(id, held));
    if (!isSettling() && isLasting) {
      const error = idsWentBack({ id, highest, context, subject, node });
      if (above.kind === 'none') throw error;
      if (!held.isLogged) {
        held.isLogged = true;
        logger.error(
          'A schema has an id below one that is gone; what needs it waits until the registry has a higher one',
          {
            code: REGISTRY_IDS_WENT_BACK,
            id,
            highest,
            subject,
            node,
          },
        );
      }
      const unclear = 'somebody deleted it, or data was lost';
      return {
        met: false,
        reason: `${reason} no longer has: ${unclear}. Any id above ${id} that is there lets it pass`,
      };
    }
    return { met: false, reason: `${reason} does not find now: a node lags, or data was lost` };
  }

  private holdsNewest(context: string): boolean {
    return [...(this.held.get(context)?.values() ?? [])].some(({ isNewest }) => isNewest);
  }

  /** An id above this one that the registry still has, or knows to have given out: then this one is no new one. */
  private async above({ id, subject, node }: Registered, highest: number): Promise<IdsAbove> {
    const { endpoints, contents, verifier, signal } = this.options;
    const answer = await endpoints.callAt(node, byIdRequest(id, subject, true), signal);
    const maxId = maxIdOf(answer.json);
    const context = contextOf(subject);
    const held: ReadonlyMap<number, unknown> = this.held.get(context) ?? new Map();
    if (maxId !== undefined && maxId > id && !held.has(maxId)) return { kind: 'found', id: maxId };
    const others = contents.ids().filter((other) => other.context === context && other.id > id && other.id < highest);
    let lost = 0;
    for (const other of others.sort((a, b) => b.id - a.id).slice(0, OTHERS)) {
      const { outcome } = await verifier.verify(other);
      if (outcome === 'equal') return { kind: 'found', id: other.id };
      if (outcome === 'lost') lost += 1;
    }
    if (maxId !== undefined) return { kind: 'none' };
    const above = await lookForIdsAbove(endpoints, { id, context, held }, signal);
    // The highest one alone may have been deleted for good by somebody, and nobody else can tell.
    return above.kind === 'none' && lost === 0 ? { kind: 'unclear' } : above;
  }
}
