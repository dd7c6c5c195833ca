/**
 * Questions that nobody answers for a while, as when a registry is frozen: connections are accepted and nothing comes back. Whoever asks is
 * told so and waits at a gate, seconds before the time limits of the requests say that the registry is away.
 */
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { GateBook } from './gate-book.ts';
import { inTime } from './in-time.ts';
import { unavailable } from './refusals.ts';
import { REGISTRY_SLOW } from './registry-errors.ts';
import type { RegistryAnswer } from './registry-messages.ts';

export interface SlowAnswersOptions {
  readonly registryId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly gates: GateBook;
  /** The nodes that were asked and have not answered. */
  readonly nodes: () => readonly string[];
  /** `http.read.timeout.ms` */
  readonly timeoutMs: number;
}

/** An answer that takes longer is slow. */
const SLOW_MS = 1000;
const DEPENDENCY = 'schema registry (answer)';

export class SlowAnswers {
  private readonly options: SlowAnswersOptions;
  private readonly gates = new Map<Promise<RegistryAnswer>, string>();
  private count = 0;

  constructor(options: SlowAnswersOptions) {
    this.options = options;
  }

  /**
   * The answer, or after a second `waiting` at a gate that opens with it. All who ask while one question is under way, its `flight`, share a
   * gate; `answered` is what each makes of it.
   */
  async patiently(flight: Promise<RegistryAnswer>, answered: Promise<RegistryAnswer>): Promise<RegistryAnswer> {
    const gateId = this.gates.get(flight);
    if (gateId !== undefined) return this.waiting(gateId);
    const answer = await inTime(answered, undefined, SLOW_MS, this.options.clock);
    return answer ?? this.waiting(this.gates.get(flight) ?? this.close(flight));
  }

  private close(flight: Promise<RegistryAnswer>): string {
    const { registryId, clock, logger, gates, nodes, timeoutMs } = this.options;
    const asked = nodes().join(', ');
    const reason = `no settled answer of ${asked} for a second: frozen, overloaded, or a node lags behind a new schema; a request is given up after ${timeoutMs / 1000} s`;
    if (this.gates.size === 0) {
      logger.warn('The schema registry is asked and does not answer; what needs the answer waits', {
        code: REGISTRY_SLOW,
        reason,
      });
    }
    const gateId = `registry:${registryId}:slow:${++this.count}`;
    this.gates.set(flight, gateId);
    const gate = gates.gate(gateId, DEPENDENCY, { transient: true });
    gate.close(reason);
    const since = clock.monotonic();
    const open = (): void => {
      this.gates.delete(flight);
      gate.open();
      if (this.gates.size > 0) return;
      const waitedMs = Math.round(clock.monotonic() - since);
      logger.info('Everything that the schema registry was asked has come to an end', {
        code: REGISTRY_SLOW,
        waitedMs,
      });
    };
    flight.then(open, open);
    return gateId;
  }

  private waiting(gateId: string): RegistryAnswer {
    const reason = this.options.gates.get(gateId)?.snapshot().reason ?? '';
    const error = unavailable(gateId, DEPENDENCY, reason, REGISTRY_SLOW);
    return { kind: 'waiting', error, gateId, fromFuture: false };
  }
}
