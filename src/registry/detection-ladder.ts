/** The rungs that look at the registry, the surest first; the highest that holds tells who is primary. */
import type { Clock } from '../foundation/clock.ts';
import type { GroupDescriber } from './group-describer.ts';
import type { GroupReading, PrimaryIdentity } from './group-reading.ts';
import { GroupWatch } from './group-watch.ts';
import { HealthWatch } from './health-watch.ts';
import { type NodeHealth, readAllHealth } from './node-health.ts';
import type { RegistryConfigValues } from './registry-config.ts';
import type { RegistryEvent } from './registry-events.ts';
import type { DetectionRung, RegistryVendor } from './registry-snapshot.ts';
import { type AskNode, hasNoPrimary } from './registry-vendor.ts';

/** What the ladder says at the moment. */
export type Found =
  | { readonly kind: 'primary'; readonly identity: PrimaryIdentity }
  | { readonly kind: 'none'; readonly reason: string }
  /** An election, or nothing that names anybody: the last one known stays. */
  | { readonly kind: 'unclear'; readonly isElecting: boolean };

export interface Standing {
  readonly rung: DetectionRung;
  /** Why it is no higher one; empty for the highest. */
  readonly reason: string;
  readonly found: Found;
}

export interface DetectionLadderOptions {
  readonly nodes: readonly string[];
  readonly values: RegistryConfigValues;
  readonly ask: AskNode;
  /** null: no broker can describe a group. */
  readonly groups: GroupDescriber | null;
  /** What a node said of the cluster it belongs to; null: nothing. */
  readonly clusterId: () => string | null;
  readonly clock: Clock;
  /** Something is the matter: look often. */
  readonly isUrgent: () => boolean;
  /** After every look. */
  readonly looked: () => void;
  readonly emit: (event: RegistryEvent) => void;
  readonly failed: (error: unknown) => void;
}

/** A rung that told something before is given up after this time without an answer. */
const GRACE_MS = 5000;
const UNCLEAR: Found = { kind: 'unclear', isElecting: false };

export class DetectionLadder {
  readonly health: HealthWatch;
  private readonly options: DetectionLadderOptions;
  private readonly group: GroupWatch;

  constructor(options: DetectionLadderOptions) {
    const { nodes, values, ask, groups, clusterId, clock, isUrgent, looked, emit, failed } = options;
    this.options = options;
    const common = {
      clock,
      timeoutMs: values['registry.health.timeout.ms'],
      retryMs: values['registry.detection.retry.ms'],
      intervalMs: () => values[isUrgent() ? 'registry.poll.outage.interval.ms' : 'registry.poll.interval.ms'],
      looked,
      failed,
    };
    this.group = new GroupWatch({
      ...common,
      groups: this.mayUse('group') ? groups : null,
      groupId: values['registry.group.id'],
      clusterId,
      isUrgent,
      isNeeded: () => !hasNoPrimary(this.vendor),
    });
    const vendor = values['registry.vendor'] as RegistryVendor | 'auto';
    this.health = new HealthWatch({ ...common, nodes, vendor, ask, emit });
  }

  get vendor(): RegistryVendor {
    return this.health.vendor;
  }

  /** Resolves when the signal is aborted and nothing is under way any more. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.health.run(signal), this.group.run(signal)]);
  }

  lookNow(): void {
    this.group.nudge();
    this.health.nudge();
  }

  /** Where a node stood, something else may stand. */
  lookAgain(): void {
    this.group.nudge();
    this.health.detectAgain();
  }

  /** undefined: a rung that may hold was not tried yet. */
  stand(): Standing | undefined {
    const { vendor, health } = this;
    const { clock } = this.options;
    if (hasNoPrimary(vendor)) {
      return { rung: 'none', reason: `${vendor} has no primary: every node takes writes`, found: UNCLEAR };
    }
    const reasons: string[] = [];
    if (this.mayUse('group')) {
      const { status } = this.group;
      if (status.kind === 'untried') return undefined;
      if (status.kind === 'told' && !this.isOfOthers(status.reading)) {
        return { rung: 'group', reason: '', found: foundInGroup(status.reading) };
      }
      const isRecent = status.kind === 'away' && clock.monotonic() - status.since < GRACE_MS;
      if (status.kind === 'away' && status.hasTold && isRecent) return { rung: 'group', reason: '', found: UNCLEAR };
      const why = status.kind === 'told' ? 'another registry elects in it' : status.reason;
      reasons.push(`group ${this.group.groupId}: ${why}`);
    } else reasons.push('registry.detection leaves out the group');
    if (this.mayUse('health')) {
      if (!health.isSettled) return undefined;
      const words = health.words();
      if (words.size > 0) return { rung: 'health', reason: reasons.join('; '), found: foundInHealth(words) };
      reasons.push(health.reason);
    } else reasons.push('registry.detection leaves out health resources');
    return { rung: 'inference', reason: reasons.join('; '), found: UNCLEAR };
  }

  /** Nodes that say themselves who is primary, and name somebody that the group doesn't know, elect elsewhere. */
  private isOfOthers(reading: GroupReading): boolean {
    if (reading.kind !== 'primary') return false;
    const found = readAllHealth(this.health.words());
    return found.kind === 'primary' && found.node !== null && !reading.members.includes(found.url);
  }

  private mayUse(rung: 'group' | 'health'): boolean {
    const detection = this.options.values['registry.detection'];
    return detection === 'auto' || detection === rung;
  }
}

function foundInGroup(reading: Extract<GroupReading, { kind: 'primary' | 'none' | 'electing' }>): Found {
  if (reading.kind === 'primary') {
    return { kind: 'primary', identity: { memberId: reading.memberId, url: reading.url } };
  }
  return reading.kind === 'none' ? reading : { kind: 'unclear', isElecting: true };
}

function foundInHealth(words: ReadonlyMap<string, NodeHealth>): Found {
  const reading = readAllHealth(words);
  if (reading.kind === 'primary') return { kind: 'primary', identity: { memberId: null, url: reading.url } };
  return reading.kind === 'none' ? reading : { kind: 'unclear', isElecting: true };
}
