import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../../src/foundation/clock.ts';
import { recordingLogger } from '../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import type { TargetOutcome } from '../../../../src/recovery/backup/run-backup.ts';
import type { BackupJob, BackupSummary } from '../../../../src/recovery/connector/backup-job.ts';
import { SchemaBackupTask } from '../../../../src/recovery/connector/source-task.ts';
import type { Finding } from '../../../../src/recovery/verify/finding.ts';
import { PluginFigures } from '../../../../src/runtime/metrics/plugin-figures.ts';
import type { Struct } from '../../../../src/sdk/data/index.ts';
import { ConfigError, DataError, EnvironmentError } from '../../../../src/sdk/errors/index.ts';
import type { SourceRecord } from '../../../../src/sdk/record/index.ts';
import { MemoryOffsets, sourceTaskContext } from '../../../../src/testing/task-contexts.ts';

const SETTINGS = {
  topic: 'reports',
  'source.bootstrap.servers': 'k1:9092,k2:9092',
  targets: '/a,/b',
  'backup.interval.ms': '60000',
};

const lost: Finding = {
  name: 'dangling-reference',
  severity: 'error',
  subject: 's',
  message: 'It is lost.',
  mend: 'Find it.',
};

function target(name: string, more: Partial<TargetOutcome> = {}): TargetOutcome {
  return {
    target: name,
    state: 'written',
    backup: { place: `${name}/1`, records: 10, added: 3, endOffset: 12, sha256: 'ab' },
    removed: [],
    warnings: [],
    error: undefined,
    ...more,
  };
}

const failed = (name: string, message: string) =>
  target(name, { state: 'failed', backup: undefined, error: new EnvironmentError(message) });

/** A worker's part, and a job that does what the test says. */
class Bench {
  readonly clock = new ManualClock();
  readonly log = recordingLogger();
  readonly offsets = new MemoryOffsets();
  figures = new PluginFigures();
  runs = 0;
  isClosed = false;
  next: (signal: AbortSignal) => Promise<Partial<BackupSummary>> = () => Promise.resolve({});
  private readonly shift: () => number;
  private readonly stopping = new AbortController();
  private task: SchemaBackupTask | undefined;

  /** @param shift ms that the wall clock is off */
  constructor(shift: () => number = () => 0) {
    this.shift = shift;
  }

  async start(settings: Readonly<Record<string, string>> = SETTINGS): Promise<void> {
    const wall: Clock = {
      now: () => this.clock.now() + this.shift(),
      monotonic: () => this.clock.monotonic(),
      setTimer: (callback, ms) => this.clock.setTimer(callback, ms),
      sleep: (ms, signal) => this.clock.sleep(ms, signal),
    };
    const job: BackupJob = {
      source: 'k1:9092,k2:9092/_schemas',
      run: async (signal) => {
        this.runs += 1;
        const takenAt = wall.now();
        const given = await this.next(signal);
        return {
          ...{ takenAt, durationMs: 5, targets: [target('/a'), target('/b')], place: '/a/1', endOffset: 12 },
          ...{ records: 10, added: 3, sha256: 'ab', subjects: 4, bytes: 999, findings: [] },
          ...{ notLookedThrough: undefined, ...given },
        };
      },
      close: () => {
        this.isClosed = true;
        return Promise.resolve();
      },
    };
    this.figures = new PluginFigures();
    this.task = new SchemaBackupTask(() => Promise.resolve(job));
    const context = sourceTaskContext({ clock: wall, logger: this.log.logger, offsets: this.offsets });
    this.task.initialize({ ...context, pluginMetrics: this.figures.of() });
    await this.task.start(settings);
  }

  async poll(): Promise<readonly SourceRecord[]> {
    const polled = (await this.task?.poll(this.stopping.signal)) ?? [];
    for (const { sourcePartition, sourceOffset } of polled) {
      if (sourcePartition !== null) this.offsets.commit(sourcePartition, sourceOffset);
    }
    return polled;
  }

  /** Polls as a worker does, for that time. */
  async during(ms: number): Promise<readonly SourceRecord[]> {
    const records: SourceRecord[] = [];
    for (const end = this.clock.now() + ms; this.clock.now() < end; ) {
      const polling = this.poll();
      await this.clock.advance(Math.min(1000, end - this.clock.now()));
      records.push(...(await polling));
    }
    return records;
  }

  stop(): void {
    this.stopping.abort(new DOMException('stop', 'AbortError'));
  }

  end(): Promise<void> {
    return this.task?.stop() ?? Promise.resolve();
  }

  metric(name: string): number | undefined {
    return this.figures.snapshot().find((figure) => figure.name === `schemas-backup-${name}`)?.value;
  }

  errors(): readonly string[] {
    return this.log.lines.filter(({ level }) => level === 'error').map(({ fields }) => String(fields['code']));
  }
}

describe('SchemaBackupTask', () => {
  it('makes a backup at once and after every interval, and tells of each in one record', async () => {
    const bench = new Bench();
    await bench.start();

    const [record, ...others] = await bench.poll();

    expect(others).toEqual([]);
    expect(record).toMatchObject({ topic: 'reports', key: 'k1:9092,k2:9092/_schemas' });
    const value = record?.value as Struct;
    value.validate();
    expect(['records', 'newRecords', 'endOffset', 'subjects', 'bytes'].map((field) => value.get(field))).toEqual([
      10n,
      3n,
      12n,
      4n,
      999n,
    ]);
    expect(['place', 'sha256', 'verified'].map((field) => value.get(field))).toEqual(['/a/1', 'ab', true]);
    expect(await bench.during(59_000)).toEqual([]);
    expect(await bench.during(2_000)).toHaveLength(1);
    expect(bench.runs).toBe(2);
  });

  it('goes on where it was after a restart, but makes one at once for other targets', async () => {
    const bench = new Bench();
    await bench.start();
    await bench.poll();
    await bench.clock.advance(40_000);

    await bench.start();
    expect(await bench.during(19_000)).toEqual([]);
    expect(await bench.during(2_000)).toHaveLength(1);

    await bench.start({ ...SETTINGS, targets: '/a,/c' });
    expect(await bench.poll()).toHaveLength(1);
  });

  it('parks for what is away, never fails for it, and keeps the code', async () => {
    const bench = new Bench();
    await bench.start();
    bench.next = () => Promise.reject(new EnvironmentError('No disk.', { code: 'holdfast.recovery.backup-failed' }));
    await expect(bench.poll()).rejects.toMatchObject({ code: 'holdfast.recovery.backup-failed' });
    for (const error of [new DataError('corrupt'), new Error('ENOSPC')]) {
      bench.next = () => Promise.reject(error);
      await expect(bench.poll()).rejects.toThrow(EnvironmentError);
    }
    expect(bench.metric('failures')).toBe(3);
    bench.next = () => Promise.resolve({});
    expect(await bench.poll()).toHaveLength(1);
  });

  it('fails for wrong settings before the first backup, and parks for the same later', async () => {
    const bench = new Bench();
    await bench.start();
    bench.next = () => Promise.reject(new ConfigError('Wrong password.'));
    await expect(bench.poll()).rejects.toThrow(ConfigError);
    bench.next = () => Promise.resolve({});
    await bench.poll();
    await bench.start({ ...SETTINGS, targets: '/c' });
    bench.next = () => Promise.reject(new ConfigError('Wrong password.'));
    await expect(bench.poll()).rejects.toThrow(EnvironmentError);
  });

  it('tries a target that fails again soon, says so once, and when it is back', async () => {
    const bench = new Bench();
    await bench.start();
    bench.next = () => Promise.resolve({ targets: [target('/a'), failed('/b', 'No space.')] });

    const [record] = await bench.poll();
    expect((record as SourceRecord).value).toSatisfy((value: Struct) => value.get('verified') === false);
    expect(bench.metric('targets-failing')).toBe(1);
    const more = await bench.during(59_000);
    expect(more.length).toBeGreaterThan(1);
    expect(bench.errors()).toEqual(['holdfast.recovery.backup-target-fails']);

    bench.next = () => Promise.resolve({});
    await bench.during(61_000);
    expect(bench.metric('targets-failing')).toBe(0);
    expect(bench.log.lines.map(({ message }) => message)).toContain('A target has the backup again.');
  });

  it('tells of a backup that was made though it could not be looked through, as one that is not verified', async () => {
    const bench = new Bench();
    await bench.start();
    const none = { subjects: undefined, bytes: undefined, findings: undefined };
    bench.next = () => Promise.resolve({ ...none, notLookedThrough: new EnvironmentError('No space.') });
    const reports = await bench.during(130_000);
    expect(reports).toHaveLength(3);
    expect(reports.map(({ value }) => (value as Struct).get('verified'))).toEqual([false, false, false]);
    expect(bench.errors()).toEqual(['holdfast.recovery.backup-not-verified']);
    expect([bench.metric('runs'), bench.metric('failures')]).toEqual([3, 0]);
  });

  it('logs a finding of severity error once for as long as it is there', async () => {
    const bench = new Bench();
    await bench.start();
    bench.next = () => Promise.resolve({ findings: [lost, { ...lost, severity: 'note', more: 2 }] });
    await bench.during(200_000);
    expect(bench.errors()).toEqual(['holdfast.recovery.backup-finding']);
    const counts = bench.figures
      .snapshot()
      .filter(({ name }) => name === 'schemas-backup-findings')
      .map(({ tags, value }) => [tags['severity'], value]);
    expect(counts).toEqual([
      ['error', 1],
      ['warning', 0],
      ['note', 3],
    ]);
    bench.next = () => Promise.resolve({});
    await bench.during(61_000);
    bench.next = () => Promise.resolve({ findings: [lost] });
    await bench.during(61_000);
    expect(bench.errors()).toHaveLength(2);
  });

  it('counts the age from the last backup that all targets have', async () => {
    const bench = new Bench();
    await bench.start();
    await bench.clock.advance(5_000);
    expect([bench.metric('age-seconds'), bench.metric('last-success-seconds')]).toEqual([5, 0]);
    await bench.poll();
    await bench.clock.advance(30_000);
    expect(bench.metric('age-seconds')).toBe(30);
    bench.next = () => Promise.resolve({ targets: [target('/a'), failed('/b', 'No space.')] });
    await bench.during(40_000);
    expect(bench.metric('age-seconds')).toBe(70);
  });

  it('remembers over a restart which targets lack the last backup, and makes up for it at once', async () => {
    const bench = new Bench();
    await bench.start();
    await bench.poll();
    const wholeAt = bench.clock.now();
    bench.next = () => Promise.resolve({ targets: [target('/a'), failed('/b', 'No space.')] });
    await bench.during(70_000);

    await bench.start();
    expect(bench.metric('age-seconds')).toBe((bench.clock.now() - wholeAt) / 1000);
    expect(await bench.poll()).toHaveLength(1);
    bench.next = () => Promise.resolve({});
    await bench.during(60_000);
    await bench.start();
    expect(bench.metric('age-seconds')).toBeLessThan(60);
    expect(await bench.during(1_000)).toEqual([]);
  });

  it('goes on after the clock was set back, and after it was set forward', async () => {
    let shift = 0;
    const bench = new Bench(() => shift);
    await bench.start();
    await bench.poll();
    shift = -86_400_000;
    expect(await bench.during(121_000)).toHaveLength(2);
    shift = 86_400_000;
    expect(await bench.poll()).toHaveLength(1);
    expect(await bench.during(59_000)).toEqual([]);
  });

  it('ends in the middle of a backup when it is told to', async () => {
    const bench = new Bench();
    await bench.start();
    bench.next = (signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const polling = bench.poll();
    bench.stop();
    expect(await polling).toEqual([]);
    await bench.end();
    expect(bench.isClosed).toBe(true);
  });
});
