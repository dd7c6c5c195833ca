import { describe, expect, it } from 'vitest';
import type { RegistryVendor } from '../../src/embedded-registry/vendor-profile.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { DAMAGES, type Damage } from '../support/recovery/damages.ts';
import type { WrittenRecord } from '../support/recovery/record-bytes.ts';
import type { LivedVersion } from '../support/recovery/registry-life.ts';
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
        // To Karapace it is a deletion like any other: no error, and in its own topic not even a warning.
        const isDelete = finding === 'empty-delete';
        expect(isDelete && vendor === 'karapace' ? found.notes : found.names).toContain(finding);
        // A warning is no error: Confluent's registry takes any order.
        expect(found.code).toBe(isDelete || finding === 'reference-before-target' ? 0 : 4);
        const mending = [...mendingOf(damage, hurt.backups, await hurt.offsetsOf(injected)), ...hurt.at, '--yes'];
        if (!isStopped) {
          await hurt.expectRefused(mending);
          await hurt.stopNodes();
        }
        await hurt.command(0, mending);
        const mended = await hurt.findings();
        expect([...mended.names, ...mended.notes]).not.toContain(finding);
        const kept = damage.keepsInjected === true ? injected.map(served) : [];
        await hurt.expectMended({ versions: [...lived.versions, ...kept] }, highest);
      }),
    );
  });
});

function served({ value }: WrittenRecord): Pick<LivedVersion, 'id' | 'schema'> {
  return JSON.parse(Buffer.from(value ?? []).toString()) as LivedVersion;
}

function mendingOf({ repair, dropsOffsets }: Damage, backups: string, offsets: readonly number[]): readonly string[] {
  return [
    'repair',
    ...repair,
    ...(repair[0] === 'corrupt-records' ? ['--backup', backups] : []),
    ...(dropsOffsets ? offsets.flatMap((offset) => ['--drop-offset', `${offset}`]) : []),
  ];
}
