/** Whose reading of the topic holds where the two differ. */
import type { Snapshot } from '../../recovery/snapshot/snapshot.ts';
import type { ReplayVendor } from '../../recovery/state/registry-state.ts';
import { UsageError } from '../exit-codes.ts';

export interface ReadByVendor {
  readonly vendor?: string;
}

/**
 * As told, or else whose registry wrote most of the topic: Karapace marks its records with a header.
 * @throws UsageError
 */
export async function vendorOf(snapshot: Snapshot, { vendor }: ReadByVendor): Promise<ReplayVendor> {
  if (vendor === 'confluent' || vendor === 'karapace') return vendor;
  if (vendor !== undefined) throw new UsageError(`--vendor must be confluent or karapace, not ${vendor}.`);
  let karapaces = 0;
  let others = 0;
  for await (const batch of snapshot.records()) {
    for (const { headers } of batch) {
      if (headers.some(isKarapaces)) karapaces++;
      else others++;
    }
  }
  return karapaces > others ? 'karapace' : 'confluent';
}

/** `X-Registry-Version: karapace-6.2.0` (specs/registry.md, chapter 5). */
function isKarapaces({ key, value }: { readonly key: string; readonly value: Uint8Array | null }): boolean {
  return key === 'X-Registry-Version' && value !== null && Buffer.from(value).toString('latin1').startsWith('karapace');
}
