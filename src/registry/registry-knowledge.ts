/**
 * What has to be known beyond an answer to judge it: who is primary, when that last changed, which node is ready and how far it
 * has read. A port: detection of the primary stands behind it; {@link NoPrimaryKnowledge} is what holds without any.
 */
import type { DetectionRung, NodeSnapshot, PrimaryEpoch, RegistryVendor } from './registry-snapshot.ts';

/** What one node knows at the moment. */
export interface NodeProgress {
  readonly node: string;
  /** It answers, and does not say that it is still reading its topic. */
  readonly ready: boolean;
  /** Every id up to this one has reached the node; null: unknown. A hint, and proof only of what is missing. */
  readonly highestId: number | null;
}

/** When and under whom an id was acknowledged. */
export interface Acknowledgement {
  /** ms since the epoch: steadyNow(), as all times that are compared with it. */
  readonly at: number;
  /** {@link RegistryKnowledge.epoch} at that time. */
  readonly epoch: string;
  /** It was not given then, but read back, with the content that it had. */
  readonly readBack?: true;
}

export interface RegistryKnowledge {
  /** Changes whenever the primary does, or may have. Stamped on what is acknowledged. */
  epoch(): string;
  /** Base URL of the node that writes go to first; null: unknown, or there is no such thing. */
  primary(): string | null;
  /** Clock.monotonic() of the end of the last known change of primary; null: none is known. */
  lastChangeAt(): number | null;
  /**
   * What is known per node. The client fills in what it found out itself ({@link NodeProgress} of its own probing is passed
   * in) and the implementation corrects it, e.g. `ready: false` for a node whose health resource says so.
   */
  progress(probed: readonly NodeProgress[], signal: AbortSignal): Promise<readonly NodeProgress[]>;
  /**
   * Invariant 5: an id acknowledged in the suspect window around a change of primary must be read back before a further
   * record carries it.
   */
  isSuspect(acknowledgement: Acknowledgement): boolean;
  /** What requests did, for whoever draws conclusions: the last rung of the ladder. */
  observe(observation: Observation): void;
  /** For `GET /registries`. */
  snapshot(): KnowledgeSnapshot;
  /** Ends polling. */
  close(): Promise<void>;
}

/** What the client noticed about the registry while it did its work. */
export type Observation =
  /** A registration that needed the primary was acknowledged, through this node. Told before anything is stamped with the epoch. */
  | { readonly kind: 'written'; readonly node: string }
  /** A registration has had no answer for a second. */
  | { readonly kind: 'write-hangs' }
  | { readonly kind: 'node-changed'; readonly node: string; readonly alive: boolean }
  /** No node took writes, or reads. Polling becomes frequent. */
  | { readonly kind: 'outage-began'; readonly access: 'read' | 'write'; readonly reason: string }
  /** `beganAt`: ms since the epoch of the last time that it was known to work. Told before the gate opens. */
  | { readonly kind: 'outage-ended'; readonly access: 'read' | 'write'; readonly beganAt: number };

export interface KnowledgeSnapshot {
  readonly vendor: RegistryVendor;
  readonly rung: DetectionRung;
  readonly rungReason: string;
  /** The one that lasts, then those before it. */
  readonly epochs: readonly PrimaryEpoch[];
  /** By node URL. `progress`: what its health resource said lately, in offsets of the registry's topic; null: nothing. */
  readonly nodes: ReadonlyMap<string, { readonly role: NodeSnapshot['role']; readonly progress: NodeProgress | null }>;
}

/** Tells the cluster that the primary changed; `suspectSince` in ms since the epoch. */
export type EpochListener = (change: {
  readonly epoch: PrimaryEpoch;
  readonly previous: PrimaryEpoch | null;
  readonly suspectSince: number;
}) => void;

/** No primary is known, none ever changed. */
export class NoPrimaryKnowledge implements RegistryKnowledge {
  epoch(): string {
    return 'unknown';
  }

  primary(): string | null {
    return null;
  }

  lastChangeAt(): number | null {
    return null;
  }

  progress(probed: readonly NodeProgress[]): Promise<readonly NodeProgress[]> {
    return Promise.resolve(probed);
  }

  isSuspect(): boolean {
    return false;
  }

  observe(): void {}

  snapshot(): KnowledgeSnapshot {
    return { vendor: 'unknown', rung: 'none', rungReason: 'detection is off', epochs: [], nodes: new Map() };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
