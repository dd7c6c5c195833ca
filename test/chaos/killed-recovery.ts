/** What the tests of killed recoveries share: a registry's topic on a real Kafka, and commands that are killed at random points. */
import { existsSync } from 'node:fs';
import type { Broker } from '../../src/broker/ports.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { undoPathOf } from '../../src/recovery/restore/open-undo.ts';
import { recordsIn } from '../support/recovery/lived-topic.ts';
import { contentInWords } from '../support/recovery/memory-snapshot.ts';
import {
  type CommandResult,
  type KillPoint,
  killedCommand,
  schemasCommandEnds,
} from '../support/recovery/schemas-command.ts';
import { seededRandom, testSeed } from '../support/seeded-random.ts';

/** How often each command is killed. */
export const KILLS = Number(process.env['HOLDFAST_KILLS'] ?? 30);

/** As {@link KILLS}, of runs of undo files. */
export const UNDO_KILLS = Math.ceil(KILLS / 3);

/** How often it is killed before a run may finish it: one that goes on where another was killed is killed, too. */
export const KILLS_PER_ROUND = 5;

export interface KilledRounds {
  /** What it is, for the line that is printed. */
  readonly what: string;
  readonly times?: number;
  /** How many of the kills have to be of runs of undo files, at least; none unless told. */
  readonly undoTimes?: number;
  /** Prepares the round and tells what is run; `begun` says that the command has begun to change something. */
  readonly round: (n: number) => Promise<{
    readonly args: readonly string[];
    readonly begun: () => boolean | Promise<boolean>;
    /** Right after the kill, before anything mends it. */
    readonly afterKill?: () => Promise<void>;
    /** What ends it; the same command again unless told. */
    readonly again?: () => Promise<readonly string[]>;
    readonly afterwards: () => Promise<void>;
  }>;
}

export interface KilledReport {
  /** Of the commands that were to be killed, those that had ended before. */
  readonly tooLate: number;
  /** Kills after which something was half done. */
  readonly inTheMiddle: number;
  /** Of the kills, those of runs of an undo file. */
  readonly ofUndos: number;
}

const UNDO = undoPathOf('');

export interface KilledPlan {
  /** What is killed first. */
  readonly args: readonly string[];
  readonly plan: string;
  /** Flags that name the target. */
  readonly at: readonly string[];
  /** It is taken back from wherever it was killed. */
  readonly takesBack: boolean;
}

/** What goes on after a kill: the very plan, once it is there, or its undo, as soon as there is one. Before that it is planned anew. */
export function goingOn({ args, plan, at, takesBack }: KilledPlan): () => Promise<readonly string[]> {
  return async () => {
    if (takesBack && existsSync(undoPathOf(plan))) return ['apply', undoPathOf(plan), ...at, '--yes'];
    return existsSync(plan) ? ['apply', plan, ...at, '--yes'] : args;
  };
}

/**
 * Kills a command, and the runs that go on after it, lets the next one finish, and looks, again and again. In every round but each third the
 * first kill waits until the command has begun to change something, so that not all hit its start. The longest life that a command was given
 * follows from what the ones before took.
 */
export async function killAgainAndAgain({
  what,
  times = KILLS,
  undoTimes = 0,
  round,
}: KilledRounds): Promise<KilledReport> {
  const seed = testSeed();
  const random = seededRandom(seed);
  process.stderr.write(`${what}: HOLDFAST_TEST_SEED=${seed}\n`);
  let [kills, tooLate, inTheMiddle, ofUndos, lifeMs, workMs] = [0, 0, 0, 0, 1_500, 300];
  // Those that had ended before they were killed don't count.
  const isEnough = (): boolean => kills >= times && ofUndos >= undoTimes;
  for (let n = 0; !isEnough(); n++) {
    if (tooLate >= 2 * (times + undoTimes))
      throw new Error(`${what}: only ${kills} of ${kills + tooLate} were killed in time`);
    const { args, begun, afterKill, again, afterwards } = await round(n);
    const points: KillPoint[] = [];
    try {
      let isKilled = true;
      let isUndo = false;
      for (let life = 0; life < KILLS_PER_ROUND && !isEnough(); life++) {
        const run = life === 0 ? args : ((await again?.()) ?? args);
        const wasUndo: boolean = isUndo;
        isUndo = run.some((word) => word.endsWith(UNDO));
        // What is done is not done again, but it may be taken back.
        if (!isKilled && isUndo === wasUndo) break;
        const waits = life === 0 && n % 3 !== 2;
        const point: KillPoint = waits ? { until: begun, afterMs: random() * workMs } : { afterMs: random() * lifeMs };
        points.push(point);
        const killed = await killedCommand(run, point);
        isKilled = killed.code === null;
        if (isKilled) kills++;
        else tooLate++;
        if (isKilled && isUndo) ofUndos++;
        if (isKilled && (await begun())) inTheMiddle++;
        // Too late: the next one is to be met earlier; in time: there may be more to meet later.
        if (waits) workMs *= isKilled ? 1.15 : 0.6;
        else lifeMs *= isKilled ? 1.25 : 0.7;
        if (!isKilled && killed.code !== 0) throw new Error(`it ended with ${killed.code}: ${told(killed)}`);
        await afterKill?.();
      }
      await schemasCommandEnds(0, (await again?.()) ?? args);
      await afterwards();
    } catch (error) {
      throw new Error(`${what}, round ${n}, killed ${JSON.stringify(points)}, seed ${seed}: ${String(error)}`, {
        cause: error,
      });
    }
  }
  const parts = `${inTheMiddle} of them in the middle, ${ofUndos} of them undo runs`;
  process.stderr.write(`${what}: killed ${kills}, ${parts}; ${tooLate} had ended before\n`);
  return { tooLate, inTheMiddle, ofUndos };
}

function told({ stdout, stderr }: CommandResult): string {
  return `${stdout}\n${stderr}`;
}

/** The topic's records in words, without what another topic changes. */
export async function contentOf(broker: Broker, topic: string): Promise<readonly string[]> {
  return (await recordsIn(broker, topic)).map(contentInWords);
}

/** Highest id in any record of the topic's default context; purged ones count as long as a record tells of them. */
export async function highestIdIn(broker: Broker, topic: string): Promise<number> {
  let highest = 0;
  for (const { value } of await recordsIn(broker, topic)) {
    if (value === null || value.length === 0) continue;
    const text = Buffer.from(value).toString('utf8');
    // Also of a value that was cut: what it carries was given out.
    const id = Number(/"id":(\d+)/.exec(text)?.[1] ?? 0);
    if (!text.includes('"subject":":.')) highest = Math.max(highest, id);
  }
  return highest;
}

/** Where the topic ends; -1: it is not there. */
export async function endOf(broker: Broker, topic: string): Promise<number> {
  const admin = broker.admin({ settings: {}, logger: silentLogger });
  try {
    const [description] = await admin.describeTopics([topic]);
    if (description === undefined) return -1;
    const [end] = await admin.listOffsets([{ topic, partition: 0, at: 'latest' }]);
    return end ?? -1;
  } catch {
    return -1;
  } finally {
    await admin.close();
  }
}
