/** A random story of a registry in trouble and of the tasks that need it: plain data, so that it can be printed and kept. */
import fc from 'fast-check';

export const FAULT_KINDS = [
  'plain-500',
  '50001',
  '50002',
  '50003',
  '50004',
  'html-502',
  'html-200',
  '503',
  '429',
  'hang',
  'slow',
  'cut',
  'lost-answer',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Whom a step happens to: a node's index, taken modulo their number. */
type At = number;

/** `hold`: it reads nothing new of its topic until `resume`. */
export interface NodeStep {
  readonly do: 'kill' | 'start' | 'freeze' | 'thaw' | 'refuse' | 'accept' | 'hold' | 'resume';
  readonly at: At;
}

export type Step =
  | NodeStep
  | { readonly do: 'lag'; readonly at: At; readonly ms: number }
  /** null: nobody is. */
  | { readonly do: 'elect'; readonly at: At | null }
  | { readonly do: 'group'; readonly shows: 'rebalance' | 'nothing' | 'stale' | 'truth'; readonly at: At }
  | {
      readonly do: 'fault';
      readonly kind: FaultKind;
      /** null: all nodes. */
      readonly at: At | null;
      readonly stage: 'request' | 'write';
      readonly forMs: number;
    }
  | { readonly do: 'read-only' | 'read-write' }
  /** `tasks` of them need the same. */
  | {
      readonly do: 'write';
      readonly how: 'register' | 'lookup';
      readonly subject: number;
      readonly version: number;
      readonly tasks: number;
    }
  /** `of`: schemas from before the story, or those acknowledged meanwhile. */
  | { readonly do: 'read'; readonly of: 'old' | 'recent'; readonly pick: number; readonly tasks: number }
  /** Another client of the registry writes, as clients do that know nothing of us. */
  | { readonly do: 'write-elsewhere'; readonly subject: number; readonly version: number; readonly at: At }
  /** What is refused for good, in the end. */
  | { readonly do: 'wrong'; readonly what: 'incompatible' | 'absurd-id' | 'unknown-subject' }
  /** A task is stopped; whichever. */
  | { readonly do: 'leave'; readonly pick: number }
  | { readonly do: 'probe-now' };

export type Contradiction =
  /** A second schema with an id that was given out already. */
  | { readonly do: 'duplicate'; readonly pick: number }
  /** The log as it was some records ago, under nodes that start anew. */
  | { readonly do: 'restore'; readonly lost: number };

export interface Timed<S> {
  /** ms since the step before. */
  readonly after: number;
  readonly step: S;
}

export interface Schedule<S = Step> {
  readonly vendor: 'confluent' | 'karapace';
  readonly nodes: number;
  readonly hosts: number;
  readonly seed: number;
  /** ms that every request takes to arrive. */
  readonly latencyMs: number;
  readonly steps: readonly Timed<S>[];
}

const at = fc.nat({ max: 2 });
const subject = fc.nat({ max: 5 });
const version = fc.nat({ max: 3 });
/** Many tasks that need one schema are common: every task of a connector does. */
const tasks = fc.oneof(
  { weight: 3, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.integer({ min: 2, max: 30 }) },
);
const durationMs = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: 50, max: 2_000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 2_000, max: 20_000 }) },
);

const trouble: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('kill', 'freeze', 'refuse', 'hold'), at }),
  fc.record({ do: fc.constantFrom('start', 'thaw', 'accept', 'resume'), at }),
  fc.record({ do: fc.constant('lag'), at, ms: fc.constantFrom(0, 20, 500, 4_000) }),
  fc.record({ do: fc.constant('elect'), at: fc.option(at, { freq: 4 }) }),
  fc.record({ do: fc.constant('group'), shows: fc.constantFrom('rebalance', 'nothing', 'stale', 'truth'), at }),
  fc.record({
    do: fc.constant('fault'),
    kind: fc.constantFrom(...FAULT_KINDS),
    at: fc.option(at, { freq: 2 }),
    stage: fc.constantFrom('request', 'write'),
    forMs: durationMs,
  }),
  fc.record({ do: fc.constantFrom('read-only', 'read-write') }),
);

const work: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('write'),
      how: fc.oneof(
        { weight: 3, arbitrary: fc.constant('register' as const) },
        { weight: 1, arbitrary: fc.constant('lookup' as const) },
      ),
      subject,
      version,
      tasks,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('read'), of: fc.constantFrom('old', 'recent'), pick: fc.nat(), tasks }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('write-elsewhere'), subject, version, at }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('wrong'),
      what: fc.constantFrom('incompatible', 'absurd-id', 'unknown-subject'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave'), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('probe-now') }) },
);

const contradiction: fc.Arbitrary<Contradiction> = fc.oneof(
  fc.record({ do: fc.constant('duplicate'), pick: fc.nat() }),
  fc.record({ do: fc.constant('restore'), lost: fc.integer({ min: 1, max: 6 }) }),
);

const after = fc.oneof(
  { weight: 3, arbitrary: fc.nat({ max: 300 }) },
  { weight: 2, arbitrary: fc.nat({ max: 5_000 }) },
  { weight: 1, arbitrary: fc.nat({ max: 20_000 }) },
);

function scheduleOf<S>(step: fc.Arbitrary<S>, length: { readonly min: number; readonly max: number }) {
  return fc.record({
    vendor: fc.constantFrom('confluent', 'karapace'),
    nodes: fc.integer({ min: 1, max: 3 }),
    hosts: fc.integer({ min: 1, max: 3 }),
    seed: fc.nat(),
    latencyMs: fc.constantFrom(0, 3),
    steps: fc.array(fc.record({ after, step }), { minLength: length.min, maxLength: length.max, size: 'max' }),
  }) satisfies fc.Arbitrary<Schedule<S>>;
}

export function faultSchedules(length: { readonly min: number; readonly max: number }): fc.Arbitrary<Schedule> {
  return scheduleOf(fc.oneof({ weight: 4, arbitrary: trouble }, { weight: 5, arbitrary: work }), length);
}

/** With a registry that contradicts itself at some point. */
export function contradictorySchedules(length: {
  readonly min: number;
  readonly max: number;
}): fc.Arbitrary<Schedule<Step | Contradiction>> {
  return scheduleOf(
    fc.oneof(
      { weight: 2, arbitrary: trouble },
      { weight: 5, arbitrary: work },
      { weight: 1, arbitrary: contradiction },
    ),
    length,
  );
}
