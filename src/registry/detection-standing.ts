/** On which rung of the ladder it is found out at present who is primary, and of whose registry; a change of either is told. */
import type { Standing } from './detection-ladder.ts';
import type { DetectionLog } from './detection-log.ts';
import type { RegistryEvent } from './registry-events.ts';
import type { DetectionRung, RegistryVendor } from './registry-snapshot.ts';

export class DetectionStanding {
  rung: DetectionRung = 'none';
  reason = 'nothing is known yet';
  vendor: RegistryVendor;
  private readonly log: DetectionLog;
  private readonly emit: (event: RegistryEvent) => void;

  constructor(dependencies: {
    readonly vendor: RegistryVendor;
    readonly log: DetectionLog;
    readonly emit: (event: RegistryEvent) => void;
  }) {
    this.vendor = dependencies.vendor;
    this.log = dependencies.log;
    this.emit = dependencies.emit;
  }

  /** Somebody says who is primary. */
  get isTold(): boolean {
    return this.rung === 'group' || this.rung === 'health';
  }

  take({ rung, reason }: Standing, vendor: RegistryVendor): void {
    const isOther = rung !== this.rung;
    const isOtherVendor = vendor !== this.vendor;
    this.rung = rung;
    this.reason = reason;
    this.vendor = vendor;
    if (isOtherVendor) this.log.vendor(vendor);
    if (isOther) this.log.rung(rung, reason);
    if (isOther || isOtherVendor) this.emit({ type: 'detection', vendor, rung, reason });
  }
}
