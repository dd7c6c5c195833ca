/** Invariant 6: what a registry said against itself, told once each, and held against it until an operator acts. */
import type { Logger } from '../foundation/logger.ts';
import type { ConnectError } from '../sdk/errors/index.ts';
import type { RegistryEvent } from './registry-events.ts';

export interface ContradictionsOptions {
  readonly logger: Logger;
  readonly emit: (event: RegistryEvent) => void;
}

/** More than that are no news. */
const MAX_REPORTS = 10_000;
const MAX_SHOWN = 50;

export class Contradictions {
  private readonly options: ContradictionsOptions;
  private readonly reported = new Set<string>();

  constructor(options: ContradictionsOptions) {
    this.options = options;
  }

  /** One line each, the latest first. */
  get lines(): string[] {
    return [...this.reported].slice(-MAX_SHOWN).reverse();
  }

  /** Told once per contradiction, whatever the number of records. */
  report(error: ConnectError): void {
    if (this.reported.has(error.message) || this.reported.size >= MAX_REPORTS) return;
    this.reported.add(error.message);
    this.options.logger.error('The schema registry contradicts itself; the tasks that need it stop', {
      code: error.code,
      err: error,
    });
    this.options.emit({ type: 'integrity', error });
  }
}
