import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import type { CallResult } from '../../../src/registry/endpoints.ts';
import type { DescribedGroup } from '../../../src/registry/group-describer.ts';
import { PrimaryTracker } from '../../../src/registry/primary-tracker.ts';
import { REGISTRY_CONFIG } from '../../../src/registry/registry-config.ts';
import type { Observation } from '../../../src/registry/registry-knowledge.ts';
import { groupDescriber } from './group-describers.ts';

export const NODE_A = 'http://a:8081';
export const NODE_B = 'http://b:8081';

/** What a node says of itself; `silent`: nothing; undefined: it has no such resource. */
export interface NodeWord {
  readonly isPrimary?: boolean;
  readonly isReady?: boolean;
  readonly primaryUrl?: string | null;
  /** Of the last election that it knows. */
  readonly generation?: number;
}

/** A tracker of the primary over two nodes and a group that say what a test tells them to, in virtual time. */
export class TrackerOverNodes {
  readonly clock = new ManualClock();
  readonly log = recordingLogger();
  readonly tracker: PrimaryTracker;
  /** What each node says, by URL. */
  words: Record<string, NodeWord | 'silent' | undefined>;
  /** The first of these is primary by the group; null: no broker tells of one. */
  group: readonly string[] | null;
  groupState: DescribedGroup['state'] = 'Stable';
  /** Addresses by host. */
  addresses: Record<string, readonly string[]> = {};
  /** `time: what`, in s from the start: events of detection and epochs, changes handed on, and when the primary said it is ready. */
  readonly heard: string[] = [];
  /** Since when what was acknowledged is suspect, of each change, in s from the start. */
  readonly suspectSince: number[] = [];
  /** Times of looks at the group, and at node A, in ms. */
  readonly described: number[] = [];
  readonly asked: number[] = [];
  private readonly startedAt: number;

  constructor(setUp: {
    readonly words?: TrackerOverNodes['words'];
    readonly group?: readonly string[] | null;
    readonly settings?: Readonly<Record<string, string>>;
  }) {
    const { clock } = this;
    this.words = setUp.words ?? {};
    this.group = setUp.group ?? null;
    this.startedAt = clock.now();
    this.tracker = new PrimaryTracker({
      nodes: [NODE_A, NODE_B],
      values: REGISTRY_CONFIG.parse({
        'schema.registry.url': `${NODE_A},${NODE_B}`,
        'registry.group.id': 'team',
        ...setUp.settings,
      }),
      ask: async (node, { path, timeoutMs = 5000 }, signal) => {
        if (path === '/_health' && node === NODE_A) this.asked.push(clock.monotonic());
        const word = path === '/_health' ? this.words[node] : undefined;
        if (word === 'silent') await clock.sleep(timeoutMs, signal);
        if (word === 'silent') return { status: undefined } as CallResult;
        return { status: word === undefined ? 404 : 200, json: bodyOf(word) } as CallResult;
      },
      groups: {
        describe: async () => {
          this.described.push(clock.monotonic());
          if (this.group === null) throw new Error('no broker');
          const group = await groupDescriber({ urls: this.group })();
          return { ...group, state: this.groupState };
        },
      },
      clusterId: () => null,
      clock,
      logger: this.log.logger,
      emit: (event) => {
        if (event.type === 'detection') this.note(`on ${event.rung} (${event.vendor})`);
        if (event.type !== 'epoch') return;
        const { number, cause, url, usableAt } = event.epoch;
        const state = usableAt === null ? 'begins' : 'usable';
        this.note(`${number} ${cause} ${url ?? 'nobody'} ${state}, after ${event.previous?.number ?? 'none'}`);
      },
      onSuspect: () => {},
      onChange: ({ epoch, previous, suspectSince }) => {
        this.note(`changed to ${epoch.number} from ${previous?.number ?? 'none'}`);
        this.suspectSince.push((suspectSince - this.startedAt) / 1000);
      },
      onReady: () => this.note('ready'),
      resolveHost: async (host) => this.addresses[host] ?? [],
    });
  }

  /** With both nodes healthy, and A primary by their words. */
  static healthy(setUp: ConstructorParameters<typeof TrackerOverNodes>[0] = {}): TrackerOverNodes {
    return new TrackerOverNodes({ words: { [NODE_A]: { isPrimary: true }, [NODE_B]: {} }, ...setUp });
  }

  async pass(seconds: number): Promise<void> {
    await this.clock.advance(seconds * 1000);
  }

  began(access: 'read' | 'write'): void {
    this.tracker.observe({ kind: 'outage-began', access, reason: 'refused' });
  }

  /** `beganAt`: in s from the start. */
  ended(access: 'read' | 'write', beganAt: number): void {
    this.tracker.observe({ kind: 'outage-ended', access, beganAt: this.startedAt + beganAt * 1000 });
  }

  observe(observation: Observation): void {
    this.tracker.observe(observation);
  }

  /** What was heard since the last call. */
  take(): string[] {
    return this.heard.splice(0);
  }

  get epochs(): string[] {
    return this.tracker.snapshot().epochs.map(({ cause, url }) => `${cause} ${url ?? 'nobody'}`);
  }

  /** Codes of the lines since the last call. */
  codes(): unknown[] {
    return this.log.lines.splice(0).map(({ fields }) => fields['code']);
  }

  private note(what: string): void {
    this.heard.push(`${this.clock.monotonic() / 1000}: ${what}`);
  }
}

function bodyOf(word: NodeWord | undefined): unknown {
  if (word === undefined) return undefined;
  const { isPrimary = false, isReady = true, primaryUrl = NODE_A, generation = 1 } = word;
  return {
    schema_registry_ready: isReady,
    schema_registry_is_primary: isPrimary,
    schema_registry_primary_url: primaryUrl,
    schema_registry_coordinator_generation_id: generation,
    schema_registry_reader_current_offset: 7,
    schema_registry_reader_highest_offset: 7,
  };
}
