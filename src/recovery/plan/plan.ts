/** A complete list of what will be done: nothing is decided after it was written, and the undo file has the same form. */
import type { TopicAcl } from '../snapshot/topic-facts.ts';

/** Bytes as base64; null stays null. */
export interface PlannedRecord {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
  /** ms; -1: the time at which it is written. */
  readonly timestamp: number;
}

/** What a step is for whoever reads the plan: something new, something else in its place, something gone. Absent: as the value tells. */
export type PlannedChange = '+' | '~' | '-';

export interface GivenUpPartition {
  readonly partition: number;
  readonly beginOffset: number;
  readonly endOffset: number;
}

export type PlanStep =
  /** Refused while it exists, but for one that this very plan made. */
  | {
      readonly do: 'create-topic';
      readonly topic: string;
      readonly replicationFactor: number;
      readonly configs: Readonly<Record<string, string>>;
      readonly acls: readonly TopicAcl[];
    }
  /** Only after the backup named here was read again and found whole, and holds all up to the topic's end. */
  | {
      readonly do: 'delete-topic';
      readonly topic: string;
      readonly backup: string;
      readonly backupSha256: string;
      readonly endOffset: number;
      /** What it holds beside partition 0, which no backup has, and is lost with it. Absent: nothing. */
      readonly givenUp?: readonly GivenUpPartition[];
    }
  /** Only while it holds nothing but what that plan wrote, and NOOPs after it. */
  | { readonly do: 'delete-made-topic'; readonly topic: string; readonly plan: string; readonly planSha256: string }
  | { readonly do: 'alter-topic'; readonly topic: string; readonly configs: Readonly<Record<string, string | null>> }
  | { readonly do: 'produce'; readonly topic: string; readonly record: PlannedRecord; readonly change?: PlannedChange }
  | {
      readonly do: 'request';
      readonly method: 'POST' | 'PUT' | 'DELETE';
      readonly path: string;
      readonly body: unknown;
      readonly change?: PlannedChange;
      /** How to see that it was done already, and that it worked. */
      readonly done: {
        readonly path: string;
        /** `equal`: what is told has all of this, and may have more; `exact`: and has no more. */
        readonly is: 'equal' | 'absent' | 'exact';
        readonly body: unknown;
      };
      /** What has to be so while it is not done yet: otherwise it concerns what somebody else made, and is left alone. Absent: nothing. */
      readonly only?: readonly PlannedSight[];
    };

/** What a registry answers to GET, if there is anything: 404 is always right. */
export interface PlannedSight {
  readonly path: string;
  /** `among`: a list of nothing but what the body lists. */
  readonly is: 'equal' | 'absent' | 'among';
  readonly body: unknown;
  /** Of the schema that is answered: its type, text and references, however it is spelled. */
  readonly content?: string;
}

export interface UndonePlan {
  readonly id: string;
  readonly path: string;
  readonly sha256: string;
  /** Of the topic, at which its first record was to be written; null: a registry's plan. */
  readonly base: number | null;
  /** Of the topic that was there before it. Absent or null: there was none, or the broker does not tell. */
  readonly topicId?: string | null;
  /** How many it had then. Absent: not known, or there was no topic. */
  readonly partitions?: number;
  /** Which `cleanup.policy` was in force then. Absent: as with partitions. */
  readonly cleanupPolicy?: string;
}

/** An id, and a version that has it. */
export interface PlannedId {
  /** '' is the default one. */
  readonly context: string;
  readonly id: number;
  readonly subject: string;
  readonly version: number;
}

export interface PlanHeader {
  readonly format: 1;
  readonly kind: 'holdfast-schemas-plan';
  /** Of the plan as a whole; marks what it made. */
  readonly id: string;
  readonly title: string;
  /** ISO 8601. */
  readonly created: string;
  /** What it was made from, for the reader. */
  readonly source: string;
  readonly target:
    | {
        readonly kind: 'topic';
        readonly clusterId: string | null;
        readonly topic: string;
        readonly groupId: string;
        /** Where the topic ended when the plan was made; it must still end there, but for what the plan itself wrote. null: it was not there. */
        readonly endOffset: number | null;
        /** Where it began then: retention has deleted something of it if it begins elsewhere by now. Absent: of no interest. */
        readonly beginOffset?: number;
        /** Of the topic then, where the broker tells: one that was made anew meanwhile has another. */
        readonly topicId?: string | null;
        /** The other topic that the group's registry reads: its nodes may run until this one is there. Absent: it reads this one. */
        readonly registryReads?: string;
      }
    | {
        readonly kind: 'registry';
        readonly nodes: readonly string[];
        /** As the first node told of itself. Absent: not known. */
        readonly vendor?: string;
        /** Of `/v1/metadata/id`; null: it tells none. */
        readonly clusterId?: string | null;
        /** By context: the highest id that was given out there then, as far as it tells. Absent: not known. */
        readonly maxIds?: Readonly<Record<string, number>>;
      };
  /** The plan that this one takes back. */
  readonly undoes?: UndonePlan;
  /** By context: no id above it was ever given out, so far as is known. */
  readonly maxIds: Readonly<Record<string, number>>;
  /** All ids that stand for another schema from then on, with a version that has it then. Absent: none. */
  readonly changedIds?: readonly PlannedId[];
  /** All ids that stand for nothing any more, with a version that has it now. Absent: none. */
  readonly lostIds?: readonly PlannedId[];
  /** By kind, how much of the backup no request can bring back; of a registry's plan. */
  readonly dropped?: Readonly<Record<string, number>>;
  /** What a person wants to read before saying yes. */
  readonly summary: readonly string[];
}
