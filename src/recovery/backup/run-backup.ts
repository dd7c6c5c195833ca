/** A backup: one reading of a source to a fixed end, written to several targets, each of them read back. */
import { rm } from 'node:fs/promises';
import type { Clock } from '../../foundation/clock.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { EnvironmentError } from '../../sdk/errors/kinds.ts';
import type { RestWitness } from '../snapshot/rest-witness.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { WitnessReport } from './ask-witnesses.ts';
import { BACKUP_DAMAGED, BACKUP_FAILED } from './backup-errors.ts';
import type { BackupSource } from './backup-source.ts';
import type { BackupTarget, OpenTarget, TargetWrite, WrittenBackup } from './backup-target.ts';
import { type Continuity, continuityOf, policyRisk } from './continuity.ts';
import { type KeysNow, lostDeletions } from './lost-deletions.ts';
import { type Reading, RestReadingOnce, TopicReadingOnce } from './reading.ts';
import { sameContent } from './same-content.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface BackupRun {
  readonly source: BackupSource;
  readonly targets: readonly BackupTarget[];
  /**
   * Asks the nodes of the registry, when something is to be written; never rejects because one is away. The folder is for what it
   * keeps, and goes with the run.
   */
  readonly witness?: (folder: string, signal: AbortSignal) => Promise<WitnessReport>;
  /** Writes everything anew, also where nothing changed. */
  readonly full?: boolean;
  readonly clock: Clock;
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

export interface TargetOutcome {
  readonly target: string;
  readonly state: 'written' | 'unchanged' | 'failed';
  /** Of the newest backup in it now. */
  readonly backup: Omit<WrittenBackup, 'warnings'> | undefined;
  /** Old backups that were removed. */
  readonly removed: readonly string[];
  readonly warnings: readonly string[];
  readonly error: unknown;
}

const END_MOVED =
  'The topic was written to all the time that it was read: if it was compacted as well, a record may be missing whose newer one the next ' +
  'backup brings. Find out who writes so much, and back up again.';
const EMPTY =
  'There is nothing in it: 0 records. If the registry had schemas, stop or restart none of its nodes, and take what they know with --from registry.';

interface Candidate {
  readonly target: BackupTarget;
  readonly open: OpenTarget | undefined;
  readonly warnings: string[];
  continuity: Continuity | undefined;
  /** Why the backup before may be all that is left of a registry. */
  broken: string | undefined;
  error: unknown;
}

/**
 * A target that fails does not keep the others from being written.
 * @returns one outcome for each target, in order
 * @throws what reading the source throws, and the signal's reason; then no target has changed but for those that were whole already
 */
export async function runBackup(run: BackupRun, signal: AbortSignal): Promise<readonly TargetOutcome[]> {
  const folder = await temporaryFolder();
  const candidates: Candidate[] = [];
  try {
    const reading = await startReading(run, folder, signal);
    for (const target of run.targets) candidates.push(await openTarget(target, signal));
    if (candidates.every(({ open }) => open === undefined)) return candidates.map((each) => failed(each, each.error));
    for (const candidate of candidates) await decide(candidate, run, reading, signal);
    const due = candidates.filter(({ open, continuity }) => open !== undefined && continuity?.kind !== 'unchanged');
    // The one that lacks most is served first, so that the source is read once.
    const least = due.reduce<Candidate | undefined>((one, other) => {
      return one === undefined || fromOf(other) < fromOf(one) ? other : one;
    }, undefined);
    const read = least && (await reading.from(fromOf(least), heldTopic(least), signal));
    const asked = due.length === 0 ? { witnesses: [], notes: [] } : await askedWitnesses(run, reading, folder, signal);
    const told = read?.facts.topic?.endMoved === true ? { ...asked, notes: [...asked.notes, END_MOVED] } : asked;
    const outcomes: TargetOutcome[] = [];
    for (const candidate of candidates) outcomes.push(await serve(candidate, reading, told, signal));
    return outcomes;
  } finally {
    for (const { open } of candidates) await open?.close().catch(() => {});
    await rm(folder, { recursive: true, force: true });
  }
}

/** Who is the source itself has told it all already. */
async function askedWitnesses(
  { source, witness }: BackupRun,
  reading: Reading,
  folder: string,
  signal: AbortSignal,
): Promise<WitnessReport> {
  if (source.kind === 'topic') return (await witness?.(folder, signal)) ?? { witnesses: [], notes: [] };
  const told = await reading.from(0, undefined, signal);
  const witnesses: RestWitness[] = [];
  for await (const each of told.witnesses()) witnesses.push(each);
  return { witnesses, notes: told.manifest.notes };
}

async function startReading(run: BackupRun, folder: string, signal: AbortSignal): Promise<Reading> {
  const { source, clock, onProgress } = run;
  const takenAt = clock.now();
  if (source.kind === 'rest') return new RestReadingOnce({ takenAt, source, folder });
  const topic = await source.look(signal);
  return new TopicReadingOnce({
    ...{ topic, takenAt, source, folder },
    onProgress: onProgress && ((done, total) => onProgress(`Reading ${topic.topic}`, done, total)),
  });
}

async function openTarget(target: BackupTarget, signal: AbortSignal): Promise<Candidate> {
  try {
    const open = await target.open(signal);
    return { target, open, warnings: [...open.warnings], continuity: undefined, broken: undefined, error: undefined };
  } catch (error) {
    signal.throwIfAborted();
    return { target, open: undefined, warnings: [], continuity: undefined, broken: undefined, error };
  }
}

async function decide(candidate: Candidate, run: BackupRun, reading: Reading, signal: AbortSignal): Promise<void> {
  const { open } = candidate;
  const risk = reading.topic === undefined ? undefined : policyRisk(reading.topic);
  if (risk !== undefined) candidate.warnings.push(risk);
  if (open?.held === undefined) return;
  const continuity = await compare(open.held, open.isAppendOnly, run, reading, signal).catch(damageAsBreak);
  // Damage as well: what the topic has lost may be whole in an older one alone.
  if (continuity?.kind === 'broken') candidate.broken = continuity.why;
  if (run.full === true && !open.isAppendOnly) {
    // Anew whatever it is; but what is held and the topic has no more must outlive it.
    if (continuity !== undefined && continuity.kind !== 'broken') candidate.broken = continuity.warning;
    signal.throwIfAborted();
    return;
  }
  // That nothing has changed is no comfort where what is there can't be read.
  const isWhole = continuity?.kind === 'unchanged' ? open.check(signal).then(() => continuity) : continuity;
  candidate.continuity = await Promise.resolve(isWhole).catch(damageAsBreak);
  signal.throwIfAborted();
  if (candidate.continuity?.kind === 'broken') {
    candidate.broken = candidate.continuity.why;
    candidate.warnings.push(`It can't go on from what is there, because ${candidate.continuity.why}.`);
  }
  const { continuity: found } = candidate;
  if (found !== undefined && found.kind !== 'broken' && found.warning !== undefined) {
    candidate.warnings.push(found.warning);
  }
}

/** undefined: it is written anew, without a word. */
async function compare(
  held: Snapshot,
  isCompacted: boolean,
  run: BackupRun,
  reading: Reading,
  signal: AbortSignal,
): Promise<Continuity | undefined> {
  if (run.source.kind === 'topic' && reading.topic !== undefined) {
    return continuityOf({ held, now: reading.topic, source: run.source, isCompacted }, signal);
  }
  if (held.facts.source === 'topic') {
    return { kind: 'broken', why: 'the backup before was made from a topic, and this one is of what a registry tells' };
  }
  const now = await reading.from(0, undefined, signal);
  return (await sameContent(held, now)) ? { kind: 'unchanged', warning: undefined } : undefined;
}

async function serve(
  candidate: Candidate,
  reading: Reading,
  told: WitnessReport,
  signal: AbortSignal,
): Promise<TargetOutcome> {
  const { target, open, warnings, continuity } = candidate;
  if (open === undefined) return failed(candidate, candidate.error);
  const isUnchanged = continuity?.kind === 'unchanged';
  let backup = isUnchanged ? heldBackup(open, open.held) : undefined;
  try {
    if (!isUnchanged) {
      const { from, tombstones } = await beginning(candidate, reading, signal);
      const { witnesses, notes } = told;
      const { broken } = candidate;
      const all = { reading, from, tombstones, broken, witnesses, notes: [...notes, ...warnings] };
      const written = await open.write(all, signal);
      backup = withoutWarnings(written);
      warnings.push(...notes, ...written.warnings);
      // Good where a registry is new; at night it is the first sign that the schemas are gone.
      if (written.records === 0) warnings.push(EMPTY);
    }
    const { removed, warnings: more } = await open.settle(signal);
    const state = isUnchanged ? 'unchanged' : 'written';
    return { target: target.name, state, backup, removed, warnings: [...warnings, ...more], error: undefined };
  } catch (error) {
    signal.throwIfAborted();
    // What was written stays, though old ones could not be removed, or a commit not be pushed.
    return { ...failed(candidate, error), backup };
  }
}

/** Where the target goes on, and what it would not hear of there. */
async function beginning(
  candidate: Candidate,
  reading: Reading,
  signal: AbortSignal,
): Promise<Pick<TargetWrite, 'from' | 'tombstones'>> {
  const { open, warnings, continuity } = candidate;
  const held = open?.held;
  if (continuity?.kind !== 'continues' || held === undefined) return { from: undefined, tombstones: [] };
  const { from } = continuity;
  const added = await reading.from(from, held.facts.topic, signal);
  const keysNow = async (): Promise<KeysNow> => {
    const now = await reading.keys(signal);
    if (now === undefined) throw new Error('what is no topic has no increments');
    return now;
  };
  try {
    const lost = await lostDeletions({ held, added, from, keysNow }, signal);
    if (lost !== undefined) {
      if (lost.warning !== undefined) warnings.push(lost.warning);
      return { from, tombstones: lost.tombstones };
    }
    candidate.broken = 'the topic has lost records in a way that no compaction has';
    warnings.push(`It can't go on from what is there, because ${candidate.broken}.`);
  } catch (error) {
    candidate.broken = damageAsBreak(error).why;
    warnings.push(`It can't go on from what is there, because ${candidate.broken}.`);
  }
  return { from: undefined, tombstones: [] };
}

function failed({ target, warnings }: Candidate, cause: unknown): TargetOutcome {
  const error = saidOf(target, cause);
  return { target: target.name, state: 'failed', backup: undefined, removed: [], warnings, error };
}

/** A file system names no target, and often not even a path. */
function saidOf({ name }: BackupTarget, error: unknown): unknown {
  const { syscall, message } = error as NodeJS.ErrnoException;
  if (error instanceof ConnectError || syscall === undefined) return error;
  return new EnvironmentError(
    `Nothing can be written to ${name}: ${message}. What was there before is as it was. See to space and permissions there, and run the backup again.`,
    { code: BACKUP_FAILED, cause: error },
  );
}

function heldBackup(open: OpenTarget, held: Snapshot | undefined): Omit<WrittenBackup, 'warnings'> | undefined {
  if (held === undefined) return undefined;
  const { records, endOffset, sha256 } = held.facts;
  return { place: open.heldPlace ?? '', records, added: 0, endOffset, sha256 };
}

function withoutWarnings({ warnings: _warnings, ...backup }: WrittenBackup): Omit<WrittenBackup, 'warnings'> {
  return backup;
}

function fromOf({ continuity }: Candidate): number {
  return continuity?.kind === 'continues' ? continuity.from : 0;
}

function heldTopic({ open, continuity }: Candidate): Snapshot['facts']['topic'] {
  return continuity?.kind === 'continues' ? open?.held?.facts.topic : undefined;
}

function damageAsBreak(error: unknown): Extract<Continuity, { readonly kind: 'broken' }> {
  if ((error as { readonly code?: unknown }).code !== BACKUP_DAMAGED) throw error;
  return { kind: 'broken', isDamage: true, why: `the one before is damaged: ${(error as Error).message}` };
}
