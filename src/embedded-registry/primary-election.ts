/**
 * Who is the primary, as the nodes come to know it. `GroupElection` acts like the group that real registries elect in, with
 * its delays; `AssignedElection` does what it is told.
 */
import type { Clock, Timer } from '../foundation/clock.ts';

/** The group's state as DescribeGroups shows it. */
export type ElectionState = 'Stable' | 'PreparingRebalance' | 'Empty';

export interface PrimaryElection {
  readonly state: ElectionState;
  /** URL of the node that the group names; null: none. May be dead for as long as nobody has noticed. */
  readonly primary: string | null;
  /** Goes up with every assignment. */
  readonly generation: number;
  /** `onAssigned` is called with each assignment, also when the primary stays the same. */
  join(url: string, onAssigned: (assignment: Assignment) => void): void;
  /** It says goodbye: the others know at once. */
  leave(url: string): void;
  /** It goes without a word: the others know after the session timeout. */
  vanish(url: string): void;
  /** It is back before, or after, anybody noticed. */
  reappear(url: string): void;
  close(): void;
}

export interface Assignment {
  readonly primary: string | null;
  readonly generation: number;
  /** False: the same member as in the assignment before, and it never knew that there was none in between. */
  readonly isNew: boolean;
}

interface Member {
  readonly onAssigned: (assignment: Assignment) => void;
  vanished: boolean;
  expiry: Timer | undefined;
}

export interface GroupElectionOptions {
  readonly clock: Clock;
  readonly sessionTimeoutMs: number;
  readonly rebalanceMs: number;
  /** The primary is forgotten when a rebalance begins, and not only replaced when it ends. */
  readonly forgetsPrimaryAtRebalance: boolean;
}

/** The eligible member with the smallest URL wins, and takes the role back whenever it returns (not sticky). */
export class GroupElection implements PrimaryElection {
  private readonly options: GroupElectionOptions;
  private readonly members = new Map<string, Member>();
  private rebalance: Timer | undefined;
  private named: string | null = null;
  private wasForgotten = true;
  private count = 0;
  private onlyCandidate: string | null | undefined;

  constructor(options: GroupElectionOptions) {
    this.options = options;
  }

  get state(): ElectionState {
    if (this.rebalance !== undefined) return 'PreparingRebalance';
    return this.members.size === 0 ? 'Empty' : 'Stable';
  }

  get primary(): string | null {
    return this.named;
  }

  get generation(): number {
    return this.count;
  }

  join(url: string, onAssigned: (assignment: Assignment) => void): void {
    this.members.get(url)?.expiry?.cancel();
    this.members.set(url, { onAssigned, vanished: false, expiry: undefined });
    this.beginRebalance();
  }

  leave(url: string): void {
    this.members.get(url)?.expiry?.cancel();
    if (this.members.delete(url)) this.beginRebalance();
  }

  vanish(url: string): void {
    const member = this.members.get(url);
    if (member === undefined || member.vanished) return;
    member.vanished = true;
    const expire = (): void => {
      member.expiry = undefined;
      this.beginRebalance();
    };
    member.expiry = this.options.clock.setTimer(expire, this.options.sessionTimeoutMs, { unref: true });
  }

  reappear(url: string): void {
    const member = this.members.get(url);
    if (member === undefined || !member.vanished) return;
    const wasNoticed = member.expiry === undefined;
    member.vanished = false;
    member.expiry?.cancel();
    member.expiry = undefined;
    if (wasNoticed) this.beginRebalance();
  }

  /**
   * Only this node may be named from the next assignment on, so that nobody takes its place while it is away; null: nobody
   * at all, as with an elector that died; undefined: whoever wins.
   */
  restrictTo(url: string | null | undefined): void {
    this.onlyCandidate = url;
  }

  /** As when a member joins that changes nothing. */
  rebalanceNow(): void {
    this.beginRebalance();
  }

  /** Ends a rebalance at once. What a new cluster does, so that nobody waits for it. */
  settleNow(): void {
    this.rebalance?.cancel();
    this.assign();
  }

  close(): void {
    this.rebalance?.cancel();
    for (const member of this.members.values()) member.expiry?.cancel();
    this.members.clear();
  }

  private beginRebalance(): void {
    this.rebalance?.cancel();
    if (this.options.forgetsPrimaryAtRebalance) {
      this.named = null;
      this.wasForgotten = true;
    }
    this.rebalance = this.options.clock.setTimer(() => this.assign(), this.options.rebalanceMs, { unref: true });
  }

  private assign(): void {
    this.rebalance = undefined;
    // Who has vanished and is not yet missed still counts, and may even win.
    const present = [...this.members].filter(([, member]) => !member.vanished || member.expiry !== undefined);
    const urls = present.map(([url]) => url).sort();
    const candidates = this.onlyCandidate === undefined ? urls : urls.filter((url) => url === this.onlyCandidate);
    const primary = candidates[0] ?? null;
    const isNew = this.wasForgotten || primary !== this.named;
    this.named = primary;
    this.wasForgotten = false;
    this.count++;
    const assignment = { primary, generation: this.count, isNew };
    for (const [, member] of present) if (!member.vanished) member.onAssigned(assignment);
  }
}

/** Names whom it is told to, at once. For scripts. */
export class AssignedElection implements PrimaryElection {
  private readonly members = new Map<string, (assignment: Assignment) => void>();
  private named: string | null;
  private count = 1;

  constructor(primary: string | null) {
    this.named = primary;
  }

  get state(): ElectionState {
    return this.members.size === 0 ? 'Empty' : 'Stable';
  }

  get primary(): string | null {
    return this.named;
  }

  get generation(): number {
    return this.count;
  }

  assign(primary: string | null): void {
    const isNew = primary !== this.named;
    this.named = primary;
    this.count++;
    for (const onAssigned of this.members.values()) onAssigned({ primary, generation: this.count, isNew });
  }

  join(url: string, onAssigned: (assignment: Assignment) => void): void {
    this.members.set(url, onAssigned);
    onAssigned({ primary: this.named, generation: this.count, isNew: true });
  }

  leave(url: string): void {
    this.members.delete(url);
  }

  vanish(): void {}

  reappear(): void {}

  close(): void {
    this.members.clear();
  }
}
