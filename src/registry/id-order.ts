/** Ids only grow. A registry that was restored from an old backup gives out again what records carry already. */
import type { Clock } from '../foundation/clock.ts';
import type { IdVerifier } from './id-verifier.ts';
import { idsWentBack } from './integrity-errors.ts';
import { contextOf } from './registry-requests.ts';
import type { SchemaContents } from './schema-contents.ts';
import type { BarrierOutcome, Registered } from './write-barrier.ts';

export interface IdOrderOptions {
  readonly clock: Clock;
  readonly contents: SchemaContents;
  readonly verifier: IdVerifier;
  /** "Not found" may be lag now. */
  readonly isSettling: () => boolean;
}

/** The highest id is believed to be lost after being denied for that long and so often. */
const DENIED_FOR_MS = 30_000;
const DENIALS = 2;
/** It was found just now: whoever registers a thousand old schemas has it read once. */
const BELIEVED_MS = 1000;

export class IdOrder {
  private readonly options: IdOrderOptions;
  private readonly found = new Map<string, number>();
  private readonly denied = new Map<string, { readonly since: number; count: number }>();

  constructor(options: IdOrderOptions) {
    this.options = options;
  }

  /**
   * An id that is new to us and lower than the highest one that we know is nothing special: the schema was registered by somebody before, or
   * the id was imported. It is when the highest one is gone. `met: false`: that is not certain yet. Throws RegistryIntegrityError when it is.
   */
  async check({ id, subject, node }: Registered): Promise<BarrierOutcome> {
    const { contents, clock, verifier, isSettling } = this.options;
    const context = contextOf(subject);
    const highest = contents.highestId(context);
    if (highest === undefined || id > highest || contents.at({ context, id }) !== undefined) return { met: true };
    const now = clock.monotonic();
    const foundAt = this.found.get(context);
    if (foundAt !== undefined && now - foundAt < BELIEVED_MS) return { met: true };
    const { outcome } = await verifier.verify({ context, id: highest });
    if (outcome === 'equal') {
      this.found.set(context, clock.monotonic());
      this.denied.delete(context);
      return { met: true };
    }
    const reason = `it is lower than id ${highest}, which the registry gave out before and`;
    if (outcome === 'away') return { met: false, reason: `${reason} can not be read now` };
    const denial = this.denied.get(context) ?? { since: now, count: 0 };
    denial.count += 1;
    this.denied.set(context, denial);
    if (!isSettling() && denial.count >= DENIALS && now - denial.since >= DENIED_FOR_MS) {
      throw idsWentBack({ id, highest, context, subject, node });
    }
    return { met: false, reason: `${reason} does not find now: a node lags, or data was lost` };
  }
}
