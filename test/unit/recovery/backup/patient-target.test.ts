import { describe, expect, it } from 'vitest';
import type { Admin, Broker, ClientOptions } from '../../../../src/broker/ports.ts';
import { silentLogger } from '../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import type { OpenTarget } from '../../../../src/recovery/backup/backup-target.ts';
import { AvailabilityRelay, PatientTarget } from '../../../../src/recovery/backup/patient-target.ts';

function setUp() {
  const clock = new ManualClock();
  const relay = new AvailabilityRelay();
  let heard: ClientOptions | undefined;
  const kafka = {
    kind: 'kafka',
    admin: (options: ClientOptions) => {
      heard = options;
      return {} as Admin;
    },
  } as Partial<Broker> as Broker;
  const broker = relay.over(kafka);
  const target = new PatientTarget({
    target: {
      name: 'kafka:copy',
      // As clients of a broker do: until it is there, or nobody wants it any more.
      open: (signal) => {
        broker.admin({ settings: {}, logger: silentLogger });
        return new Promise<OpenTarget>((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        );
      },
    },
    ...{ relay, servers: 'k:1', clock },
  });
  const tell = (available: boolean) =>
    heard?.onAvailability?.({ available, reason: available ? '' : 'refused', since: 0 });
  return { clock, target, tell };
}

describe('PatientTarget', () => {
  it('fails when its broker stays away, while the backup as a whole goes on', async () => {
    const { clock, target, tell } = setUp();
    const backup = new AbortController();
    const opening = target.open(backup.signal);
    tell(false);
    await clock.advance(19_000);
    tell(true);
    tell(false);
    await clock.advance(19_000);
    tell(false);
    const failed = expect(opening).rejects.toMatchObject({
      code: 'holdfast.broker.unavailable',
      message: 'Kafka at k:1 is away: refused.',
    });
    await clock.advance(1_000);
    await failed;
    expect(backup.signal.aborted).toBe(false);
  });

  it('ends with the backup', async () => {
    const { target } = setUp();
    const backup = new AbortController();
    const opening = target.open(backup.signal);
    backup.abort(new Error('stop'));
    await expect(opening).rejects.toThrow('stop');
  });
});
