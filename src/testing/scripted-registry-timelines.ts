import type { RegistryVendor } from '../embedded-registry/vendor-profile.ts';
import { type AnswerFault, errorAnswer, type ScriptedFault, type ScriptedRule } from './scripted-registry-faults.ts';

/** `hurt`: the primary that something happens to, or the node that joins. `survivor`: the others. */
export type TimelineRole = 'hurt' | 'survivor' | 'all';

/** What the group description says. */
export type TimelineGroup =
  | { readonly state: 'Stable'; readonly primary: 'hurt' | 'survivor' | 'none' }
  | { readonly state: 'PreparingRebalance' }
  /** No broker that could tell. */
  | { readonly state: 'unavailable' };

/** ms from the start of the timeline. */
export type TimelineStep =
  | ({
      readonly fromMs: number;
      readonly untilMs: number;
      readonly at: TimelineRole;
      readonly fault: ScriptedFault;
    } & Pick<ScriptedRule, 'stage' | 'operation' | 'times'>)
  | {
      readonly atMs: number;
      readonly at: TimelineRole;
      /** `stop` and `start` the process, `freeze` and `thaw` it, `hold-reading` and `resume-reading` of the topic. */
      readonly do: 'stop' | 'start' | 'freeze' | 'thaw' | 'hold-reading' | 'resume-reading';
    }
  /** Who decides from now on, as soon as no fault above says otherwise. */
  | { readonly atMs: number; readonly elect: 'hurt' | 'survivor' | 'none' }
  | { readonly atMs: number; readonly group: TimelineGroup };

/** A change of primary as it was measured, or read in the sources: what clients saw, when. */
export interface RegistryTimeline {
  readonly name: string;
  readonly vendor: RegistryVendor;
  /** Where the numbers come from. */
  readonly evidence: 'measured' | 'read in the sources, not measured';
  readonly about: string;
  readonly steps: readonly TimelineStep[];
  /** When new schemas are taken again at the survivor (or the only node), ms; null: never. */
  readonly writableAtMs: number | null;
}

const PLAIN_500: AnswerFault = { kind: 'answer', status: 500, body: 'Internal Server Error', delayMs: 5 };
const FORWARDING_FAILED = errorAnswer(500, 50003, 'Error while forwarding the request to the master.', 5);
const PRODUCE_TIMEOUT = { status: 500, body: { error_code: 500, message: 'Internal Server Error' } } as const;
const LEADER_UNKNOWN = errorAnswer(500, 50004, 'Leader not known.');

function writesFail(at: TimelineRole, fromMs: number, untilMs: number, fault: ScriptedFault): TimelineStep {
  return { at, fromMs, untilMs, fault, stage: 'write' };
}

function namesPrimary(atMs: number, primary: 'hurt' | 'survivor' | 'none'): TimelineStep {
  return { atMs, group: { state: 'Stable', primary } };
}

function rebalances(atMs: number): TimelineStep {
  return { atMs, group: { state: 'PreparingRebalance' } };
}

/**
 * Changes of primary of Karapace 6.2.0 with two nodes and its defaults (session 10 s, 5 s before a new primary acts), writers
 * on the replica, on a Kafka 4.1.1; of Confluent's registry as its sources say.
 */
export const registryTimelines = {
  karapaceKill9: {
    name: 'kill -9 of the primary',
    vendor: 'karapace',
    evidence: 'measured',
    about:
      'Writes are away for 16.8 s; the group still names the dead primary for 9.6 s, and the new one 5 s too early.',
    writableAtMs: 16_800,
    steps: [
      { atMs: 0, at: 'hurt', do: 'stop' },
      writesFail('survivor', 0, 5_800, PLAIN_500),
      writesFail('survivor', 5_800, 16_800, FORWARDING_FAILED),
      namesPrimary(0, 'hurt'),
      rebalances(9_600),
      namesPrimary(11_800, 'survivor'),
      { atMs: 16_800, elect: 'survivor' },
    ],
  },
  karapaceSigterm: {
    name: 'SIGTERM to the primary',
    vendor: 'karapace',
    evidence: 'measured',
    about: 'No better than kill -9: leaving the group takes no effect.',
    writableAtMs: 17_100,
    steps: [
      { atMs: 0, at: 'hurt', do: 'stop' },
      writesFail('survivor', 0, 8_600, PLAIN_500),
      writesFail('survivor', 8_600, 17_100, FORWARDING_FAILED),
      namesPrimary(0, 'hurt'),
      rebalances(9_900),
      namesPrimary(12_100, 'survivor'),
      { atMs: 17_100, elect: 'survivor' },
    ],
  },
  karapaceSigstop: {
    name: 'SIGSTOP of the primary for 35 s, then SIGCONT',
    vendor: 'karapace',
    evidence: 'measured',
    about:
      'What was forwarded hangs until the peer resumes; new requests are taken after 15.8 s. At SIGCONT the old primary ' +
      'takes the role back: a second outage of 6.1 s.',
    writableAtMs: 15_800,
    steps: [
      { atMs: 0, at: 'hurt', do: 'freeze' },
      // What was forwarded before the members dropped hangs to the end; the steps below are asked before this one.
      writesFail('survivor', 0, 35_600, { kind: 'hang', answer: FORWARDING_FAILED }),
      { at: 'survivor', fromMs: 0, untilMs: 10_600, operation: 'master-available', fault: { kind: 'hang' } },
      writesFail('survivor', 7_900, 15_800, FORWARDING_FAILED),
      writesFail('survivor', 15_800, 35_600, { kind: 'pass' }),
      namesPrimary(0, 'hurt'),
      rebalances(7_900),
      namesPrimary(10_600, 'survivor'),
      { atMs: 15_800, elect: 'survivor' },
      { atMs: 35_000, at: 'hurt', do: 'thaw' },
      rebalances(35_000),
      writesFail('all', 35_000, 41_100, FORWARDING_FAILED),
      namesPrimary(37_500, 'hurt'),
      { atMs: 41_100, elect: 'hurt' },
    ],
  },
  karapaceShortSigstop: {
    name: 'SIGSTOP of the primary for 5 s, shorter than the session',
    vendor: 'karapace',
    evidence: 'read in the sources, not measured',
    about: 'No change of primary: everything that needs it, and everything at it, hangs and is then done.',
    writableAtMs: 5_000,
    steps: [{ atMs: 0, at: 'hurt', do: 'freeze' }, namesPrimary(0, 'hurt'), { atMs: 5_000, at: 'hurt', do: 'thaw' }],
  },
  karapaceLowerUrlJoins: {
    name: 'a node with a lower URL joins',
    vendor: 'karapace',
    evidence: 'measured',
    about:
      'Nobody is broken, and writes are away for 5.1 s; the joining node denies existing ids for 0.6 s while it replays.',
    writableAtMs: 5_100,
    steps: [
      { atMs: 0, at: 'hurt', do: 'hold-reading' },
      { atMs: 0, at: 'hurt', do: 'start' },
      { atMs: 600, at: 'hurt', do: 'resume-reading' },
      rebalances(0),
      namesPrimary(400, 'hurt'),
      writesFail('all', 0, 5_100, FORWARDING_FAILED),
      { atMs: 5_100, elect: 'hurt' },
    ],
  },
  karapaceZombie: {
    name: 'a stopped primary resumes after its replacement took over, and replays',
    vendor: 'karapace',
    evidence: 'measured',
    about:
      'After SIGCONT at 16 s both nodes refuse writes for more than 38 s and less than 91 s (60 s here); the resumed node is ' +
      '"healthy", not ready, denies the ids that its replacement gave, and is named primary all that time.',
    writableAtMs: 15_900,
    steps: [
      { atMs: 0, at: 'hurt', do: 'freeze' },
      writesFail('survivor', 0, 15_900, FORWARDING_FAILED),
      namesPrimary(0, 'hurt'),
      rebalances(8_800),
      namesPrimary(10_900, 'survivor'),
      { atMs: 15_900, elect: 'survivor' },
      { atMs: 16_000, at: 'hurt', do: 'hold-reading' },
      { atMs: 16_000, at: 'hurt', do: 'thaw' },
      namesPrimary(16_000, 'hurt'),
      writesFail('all', 16_000, 76_000, FORWARDING_FAILED),
      {
        at: 'all',
        fromMs: 16_000,
        untilMs: 76_000,
        operation: 'master-available',
        fault: { kind: 'answer', status: 200, body: { master_available: false } },
      },
      { atMs: 76_000, at: 'hurt', do: 'resume-reading' },
      { atMs: 76_000, elect: 'hurt' },
    ],
  },
  karapaceBrokerDown: {
    name: 'the Kafka broker is killed for 10 s, the registries are not touched',
    vendor: 'karapace',
    evidence: 'measured',
    about:
      'Writes are away for the outage and 11 s more; one in flight hangs 20.2 s. The primary answers nothing at all for 11.5 s, ' +
      'the replica reads all the time. No group description.',
    writableAtMs: 21_000,
    steps: [
      { atMs: 0, group: { state: 'unavailable' } },
      { at: 'hurt', fromMs: 0, untilMs: 11_500, fault: { kind: 'hang' } },
      { at: 'all', fromMs: 0, untilMs: 10_000, operation: 'health', fault: { kind: 'hang' } },
      // Below the one that hangs, as the step that comes later is asked first.
      writesFail('all', 0, 21_000, FORWARDING_FAILED),
      {
        ...{ at: 'survivor', fromMs: 0, untilMs: 21_000, stage: 'write', times: 1 },
        fault: { kind: 'answer', ...PRODUCE_TIMEOUT, delayMs: 20_200 },
      },
      namesPrimary(10_000, 'hurt'),
    ],
  },
  karapaceRestart: {
    name: 'the only node is killed for 20 s and started again',
    vendor: 'karapace',
    evidence: 'measured',
    about: 'The comeback is a second outage: existing ids are denied for 0.35 s, writes refused until it is elected.',
    writableAtMs: 27_500,
    steps: [
      { atMs: 0, at: 'hurt', do: 'stop' },
      namesPrimary(0, 'hurt'),
      { atMs: 20_000, at: 'hurt', do: 'hold-reading' },
      { atMs: 20_000, at: 'hurt', do: 'start' },
      rebalances(20_000),
      { atMs: 20_350, at: 'hurt', do: 'resume-reading' },
      namesPrimary(22_500, 'hurt'),
      writesFail('hurt', 20_000, 27_500, FORWARDING_FAILED),
      { atMs: 27_500, elect: 'hurt' },
    ],
  },
  confluentKill9: {
    name: 'kill -9 of the leader',
    vendor: 'confluent',
    evidence: 'read in the sources, not measured',
    about: '50003 while the dead leader is still known, 50004 during the rebalance, then writes.',
    writableAtMs: 10_500,
    steps: [
      { atMs: 0, at: 'hurt', do: 'stop' },
      namesPrimary(0, 'hurt'),
      writesFail('survivor', 0, 10_000, FORWARDING_FAILED),
      rebalances(10_000),
      writesFail('survivor', 10_000, 10_500, LEADER_UNKNOWN),
      namesPrimary(10_400, 'survivor'),
      { atMs: 10_500, elect: 'survivor' },
    ],
  },
  confluentElectorDead: {
    name: 'the elector thread died',
    vendor: 'confluent',
    evidence: 'read in the sources, not measured',
    about: 'Every node is up and reads, /v1/metadata/id is 200, and writes answer 50004 for ever.',
    writableAtMs: null,
    steps: [{ atMs: 0, elect: 'none' }, namesPrimary(0, 'none')],
  },
} as const satisfies Record<string, RegistryTimeline>;
