/** Verifies places, each by itself, beside what nodes told when it was made, and beside the first; and nodes beside the first place and beside each other. */
import { counted } from '../../foundation/counted.ts';
import { DataError } from '../../sdk/errors/kinds.ts';
import type { RestWitness } from '../snapshot/rest-witness.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { ReplayVendor } from '../state/registry-state.ts';
import { replay } from '../state/replay.ts';
import { compareSnapshots } from './compare-snapshots.ts';
import { compareWitness, compareWitnesses, replayVendorOf } from './compare-witnesses.ts';
import type { Finding } from './finding.ts';
import { FindingBook } from './finding-book.ts';
import type { VerifySection } from './verify-report.ts';
import { verifySnapshot } from './verify-snapshot.ts';

export interface NamedPlace {
  readonly name: string;
  readonly snapshot: Snapshot;
  /** It is the topic that the nodes read, and no backup from which they may have been restored. */
  readonly isLive?: boolean;
}

/** One that can't be read, and why. */
export interface DamagedPlace {
  readonly name: string;
  readonly reason: string;
}

/** Whether it says that a place is not what was written: the others can be verified all the same. */
export function isDamage(error: unknown): error is DataError {
  return error instanceof DataError && error.code === 'holdfast.recovery.backup-damaged';
}

export interface VerifyPlacesOptions {
  readonly places: readonly NamedPlace[];
  /** Found to be so when they were opened. */
  readonly damaged?: readonly DamagedPlace[];
  /** Of the live registry, as its nodes tell now. */
  readonly witnesses: readonly RestWitness[];
  /** Nodes that did not answer, in words. */
  readonly silent: readonly string[];
  readonly signal: AbortSignal;
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/** One place or comparison at a time is in memory, so that it is some 300 bytes a version, or 600 for a comparison of two places. */
export async function verifyPlaces(options: VerifyPlacesOptions): Promise<readonly VerifySection[]> {
  const { places, signal, onProgress } = options;
  const sections: VerifySection[] = (options.damaged ?? []).map(damagedSection);
  const whole: NamedPlace[] = [];
  for (const place of places) {
    const { name, snapshot } = place;
    try {
      const findings = await verifySnapshot(snapshot, {
        signal,
        onProgress: ({ records, of }) => onProgress?.(`Verifying ${name}`, records, of),
      });
      sections.push({ title: `${name} (${factsOf(snapshot)})`, findings });
    } catch (error) {
      if (!isDamage(error)) throw error;
      sections.push(damagedSection({ name, reason: error.message }));
      continue;
    }
    whole.push(place);
    try {
      const told: RestWitness[] = [];
      for await (const witness of snapshot.witnesses()) told.push(witness);
      sections.push(...(await besideNodes(place, told, 'told when it was made', options, false)));
    } catch (error) {
      if (!isDamage(error)) throw error;
      sections.push(damagedSection({ name: `${name}, what nodes told`, reason: error.message }));
    }
  }
  const [first, ...others] = whole;
  if (first === undefined) return [...sections, ...(await amongNodes(options))];
  for (const { name, snapshot } of others) {
    const findings = await compareSnapshots(first.snapshot, snapshot, { signal, name });
    sections.push({ title: `${first.name} beside ${name}`, findings });
  }
  sections.push(...(await besideNodes(first, options.witnesses, 'tells now', options, first.isLive !== true)));
  return [...sections, ...(await amongNodes(options))];
}

function damagedSection({ name, reason }: DamagedPlace): VerifySection {
  const book = new FindingBook();
  book.add('place-damaged', { node: name }, reason);
  return { title: name, findings: book.findings() };
}

/** The place is replayed once for each vendor. */
async function besideNodes(
  { name, snapshot }: NamedPlace,
  witnesses: readonly RestWitness[],
  when: string,
  { signal, onProgress }: VerifyPlacesOptions,
  mayBeRestored: boolean,
): Promise<readonly VerifySection[]> {
  const sections: VerifySection[] = [];
  for (const vendor of new Set<ReplayVendor>(witnesses.map(replayVendorOf))) {
    const state = await replay(snapshot, vendor, {
      signal,
      onProgress: ({ records, of }) => onProgress?.(`Reading ${name} as ${vendor}`, records, of),
    });
    for (const witness of witnesses.filter((each) => replayVendorOf(each) === vendor)) {
      const findings = await compareWitness({ snapshot, state }, witness, { signal, mayBeRestored });
      sections.push({ title: `${name} beside what ${witness.node} ${when}`, findings, node: witness.node });
    }
  }
  return sections;
}

async function amongNodes({ witnesses, silent, signal }: VerifyPlacesOptions): Promise<readonly VerifySection[]> {
  const [first, ...others] = witnesses;
  const sections: VerifySection[] = [];
  if (silent.length > 0) sections.push({ title: 'Nodes', findings: silentNodes(silent) });
  if (first === undefined) return sections;
  for (const other of others) {
    const findings = await compareWitnesses(first, other, { signal });
    sections.push({ title: `${first.node} beside ${other.node}`, findings, node: other.node });
  }
  return sections;
}

function silentNodes(silent: readonly string[]): readonly Finding[] {
  const book = new FindingBook();
  for (const message of silent) book.add('node-silent', {}, message);
  return book.findings();
}

function factsOf({ facts }: Snapshot): string {
  const { source, takenAt, records, endOffset } = facts;
  return `${source}, ${new Date(takenAt).toISOString()}, ${counted(records, 'record')} up to offset ${endOffset}`;
}
