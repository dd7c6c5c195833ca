/** What the detection of the primary says in the log: one line per change, each with a code. */
import type { Logger } from '../foundation/logger.ts';
import { defineErrorCode } from '../sdk/errors/index.ts';
import { REGISTRY_FAULT } from './registry-errors.ts';
import type { DetectionRung, PrimaryEpoch, RegistryVendor } from './registry-snapshot.ts';

const PRIMARY_CHANGED = defineErrorCode('holdfast.registry.primary.changed', {
  what: 'Another node of the schema registry is primary, or the registry is back after an outage in which it may have changed.',
  mend: 'Nothing: schema ids acknowledged around the change are read back before they are used again. If it comes often, look at the nodes that the line names.',
});

const PRIMARY_KNOWN = defineErrorCode('holdfast.registry.primary.known', {
  what: 'The schema registry was back before anybody could say who is primary; now it is known.',
  mend: 'Nothing.',
});

const PRIMARY_USABLE = defineErrorCode('holdfast.registry.primary.usable', {
  what: 'The new primary of the schema registry takes new schemas; durationMs is the time since the first sign of the change.',
  mend: 'Nothing.',
});

const NO_PRIMARY = defineErrorCode('holdfast.registry.primary.none', {
  what: 'The nodes of the schema registry have elected no primary: reads work, new schemas wait.',
  mend: 'Look at the log of the nodes: none is eligible (master_eligibility, leader.eligibility), two advertise the same address, or the elector has died and the node needs a restart.',
});

const RUNG = defineErrorCode('holdfast.registry.detection.rung', {
  what: 'The primary is found out in another way than before; the line says in which, and why in no better one.',
  mend: 'Grant the worker DESCRIBE on the group named by registry.group.id, if it can not be described. Without it, detection is less exact, and nothing is lost.',
});

const VENDOR = defineErrorCode('holdfast.registry.detection.vendor', {
  what: 'The nodes of the schema registry were recognized by what they answer: which ways there are to find out the primary depends on whose registry it is.',
  mend: 'Nothing. If it is wrong, set registry.vendor.',
});

const ADDRESS = defineErrorCode('holdfast.registry.detection.address', {
  what: 'The primary of the registry advertises an address that leads to none of the URLs of schema.registry.url.',
  mend: 'Nothing, if the URLs lead through a proxy. Otherwise list the nodes under the names that they advertise, so that writes go to the primary first.',
});

export class DetectionLog {
  private readonly logger: Logger;

  constructor(logger: Logger) {
    this.logger = logger;
  }

  vendor(vendor: RegistryVendor): void {
    this.logger.info('The vendor of the schema registry is known', { code: VENDOR, vendor });
  }

  rung(rung: DetectionRung, reason: string): void {
    this.logger.info('The primary of the schema registry is found out in another way from now on', {
      code: RUNG,
      rung,
      ...(reason === '' ? {} : { reason }),
    });
  }

  /** `reason`: why there is none. */
  epoch(epoch: PrimaryEpoch, previous: PrimaryEpoch | null, reason: string | undefined): void {
    const { cause, rung, memberId, url } = epoch;
    const fields = {
      from: previous?.url ?? null,
      to: url,
      member: memberId,
      cause,
      rung,
      durationMs: epoch.startedAt - epoch.changeBeganAt,
    };
    if (cause === 'primary-lost') {
      this.logger.warn('The schema registry has no primary; new schemas wait', { code: NO_PRIMARY, ...fields, reason });
    } else if (cause === 'first-seen') {
      this.logger.info('The primary of the schema registry is known', { code: PRIMARY_CHANGED, ...fields });
    } else if (cause === 'outage-ended' && previous?.url === url) {
      this.logger.info('The schema registry is back, maybe with another primary', { code: PRIMARY_CHANGED, ...fields });
    } else {
      this.logger.warn('The primary of the schema registry changed', { code: PRIMARY_CHANGED, ...fields });
    }
  }

  /** Of the epoch that lasts, whose primary nobody could name when it began. */
  known({ url, memberId, cause, rung }: PrimaryEpoch): void {
    this.logger.info('It is known now who is the primary of the schema registry', {
      code: PRIMARY_KNOWN,
      to: url,
      member: memberId,
      cause,
      rung,
    });
  }

  usable({ url, cause, usableAfterMs }: PrimaryEpoch): void {
    this.logger.info('The primary of the schema registry takes writes', {
      code: PRIMARY_USABLE,
      primary: url,
      cause,
      ...(usableAfterMs === null ? {} : { durationMs: usableAfterMs }),
    });
  }

  address(advertised: string): void {
    this.logger.info(
      'The primary of the schema registry advertises an address that is none of schema.registry.url: it names the primary, and is not used',
      { code: ADDRESS, advertised },
    );
  }

  failed(err: unknown): void {
    this.logger.error('Looking for the primary of the schema registry failed', { code: REGISTRY_FAULT, err });
  }
}
