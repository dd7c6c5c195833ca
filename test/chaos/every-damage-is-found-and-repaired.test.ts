import { describe, expect, it } from 'vitest';
import type { RegistryVendor } from '../../src/embedded-registry/vendor-profile.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { DAMAGES, type Damage } from '../support/recovery/damages.ts';
import { withHurtRegistry } from './hurt-registry.ts';

const VENDORS: readonly RegistryVendor[] = ['confluent', 'karapace'];

describeWithKafka('every damage by records, of a registry that runs over a real Kafka', (kafka) => {
  describe.each(VENDORS)('in the format and with a node of %s', (vendor) => {
    it.each(DAMAGES)('$what is found as $finding, and mended', (damage) =>
      withHurtRegistry(kafka().bootstrapServers, vendor, async (hurt) => {
        const { finding } = damage;
        const lived = await hurt.lived();
        // A primary of Confluent's that runs takes a second schema with an id back: it came while none did.
        const isStopped = finding === 'duplicate-id';
        if (isStopped) await hurt.stopNodes();
        const injected = damage.inject(lived) ?? [];
        expect(injected).not.toEqual([]);
        await hurt.produce(injected);
        const highest = await hurt.highestId();
        const found = await hurt.findings();
        expect(found.names).toContain(finding);
        // Only a warning: to Karapace it is a deletion like any other.
        expect(found.code).toBe(finding === 'empty-delete' ? 0 : 4);
        const mending = [...mendingOf(damage, hurt.backups, await hurt.offsetsOf(injected)), ...hurt.at, '--yes'];
        if (!isStopped) {
          await hurt.expectRefused(mending);
          await hurt.stopNodes();
        }
        await hurt.command(0, mending);
        expect((await hurt.findings()).names).not.toContain(finding);
        await hurt.expectMended(lived, highest);
      }),
    );
  });
});

function mendingOf({ repair, dropsOffsets }: Damage, backups: string, offsets: readonly number[]): readonly string[] {
  return [
    'repair',
    ...repair,
    ...(repair[0] === 'corrupt-records' ? ['--backup', backups] : []),
    ...(dropsOffsets ? offsets.flatMap((offset) => ['--drop-offset', `${offset}`]) : []),
  ];
}
