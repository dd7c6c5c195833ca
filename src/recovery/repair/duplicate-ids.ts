/** Two schemas with one id: what each says, and whom either vendor's registry answers with. Data that carries the id means one of them. */
import { contextOf } from '../../registry/subject-context.ts';
import { readRecord } from '../records/read-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { RegistryState, VersionState } from '../state/registry-state.ts';
import { StateReplay } from '../state/state-replay.ts';
import { schemaAt } from './id-holders.ts';
import { shownVersion } from './shown.ts';

/** Both readings of one snapshot. */
export interface BothStates {
  readonly confluent: RegistryState;
  readonly karapace: RegistryState;
}

export interface DuplicateId {
  /** '' is the default one. */
  readonly context: string;
  readonly id: number;
  /** In the order of their offsets; versions of one content together. */
  readonly contents: readonly {
    readonly content: string;
    readonly versions: readonly VersionState[];
    readonly schemaType: string;
    /** undefined: it can't be read any more. */
    readonly schema: string | undefined;
    /** Whose registry answers with it when the id is asked for. */
    readonly answersIn: readonly ('confluent' | 'karapace')[];
  }[];
}

/**
 * Every id with more than one content; texts that differ only in spaces or the order of fields are two, as they are for Confluent's registry,
 * which drops the later one. Memory: one digest an id, and some 250 bytes for each version.
 */
export async function duplicateIds(snapshot: Snapshot, states: BothStates): Promise<readonly DuplicateId[]> {
  const all = new StateReplay({ vendor: 'confluent', readsOn: true, keepsAll: true });
  for await (const batch of snapshot.records()) for (const raw of batch) all.apply(raw.offset, readRecord(raw));
  const found = new Map<string, VersionState[]>();
  for (const idKey of idsWithSeveral(all)) found.set(idKey, []);
  if (found.size === 0) return [];
  for (const version of everyVersion(all)) found.get(idKeyOf(version))?.push(version);
  const duplicates: DuplicateId[] = [];
  // One after the other: a split brain leaves as many as there are ids.
  for (const versions of found.values()) duplicates.push(await described(versions, snapshot, states));
  return duplicates;
}

const idKeyOf = ({ subject, id }: VersionState): string => `${id}\n${contextOf(subject)}`;

function* everyVersion(state: RegistryState): Iterable<VersionState> {
  for (const subject of state.subjects()) yield* state.versions(subject);
}

function idsWithSeveral(state: RegistryState): ReadonlySet<string> {
  const contents = new Map<string, string>();
  const several = new Set<string>();
  for (const version of everyVersion(state)) {
    const idKey = idKeyOf(version);
    const known = contents.get(idKey);
    if (known === undefined) contents.set(idKey, version.content);
    else if (known !== version.content) several.add(idKey);
  }
  return several;
}

async function described(
  versions: readonly VersionState[],
  snapshot: Snapshot,
  { confluent, karapace }: BothStates,
): Promise<DuplicateId> {
  const byContent = new Map<string, VersionState[]>();
  for (const version of [...versions].sort((a, b) => a.offset - b.offset)) {
    const known = byContent.get(version.content);
    if (known === undefined) byContent.set(version.content, [version]);
    else known.push(version);
  }
  const first = versions[0];
  const context = contextOf(first?.subject);
  const id = first?.id ?? 0;
  const answers = { confluent: confluent.byId(context, id), karapace: karapace.byId(context, id) };
  const contents: DuplicateId['contents'][number][] = [];
  for (const [content, same] of byContent) {
    const read = await schemaAt(snapshot, same[0]?.offset ?? -1);
    const isHere = (answer: VersionState | undefined): boolean =>
      same.some((one) => one.subject === answer?.subject && one.version === answer.version);
    contents.push({
      ...{ content, versions: same },
      schemaType: same[0]?.schemaType ?? 'AVRO',
      schema: read?.schema,
      answersIn: (['confluent', 'karapace'] as const).filter((vendor) => isHere(answers[vendor])),
    });
  }
  return { context, id, contents };
}

const MOST_TEXT = 160;
const VENDORS = { confluent: "Confluent's registry", karapace: 'Karapace' };

/** For a person; texts are cut. */
export function shownDuplicate({ context, id, contents }: DuplicateId): readonly string[] {
  return [
    `id ${id}${context === '' ? '' : ` in context ${context}`} stands for ${contents.length} schemas:`,
    ...contents.flatMap(({ versions, schemaType, schema, answersIn }) => {
      const who = answersIn.map((vendor) => VENDORS[vendor]).join(' and ');
      const text = schema === undefined ? 'a text that is not there' : schema.replace(/\s+/g, ' ');
      return [
        `  ${versions.map((one) => `${shownVersion(one)} (offset ${one.offset})`).join(', ')}${who === '' ? '' : `: ${who} answers with it`}`,
        `    ${schemaType} ${text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text}`,
      ];
    }),
  ];
}
