import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { FolderTarget } from '../../../../src/recovery/backup/folder-target.ts';
import { runBackup, type TargetOutcome } from '../../../../src/recovery/backup/run-backup.ts';
import { openSnapshotFolder, type SnapshotFolder } from '../../../../src/recovery/backup/snapshot-folder.ts';
import { LookThrough } from '../../../../src/recovery/connector/look-through.ts';
import { EnvironmentError } from '../../../../src/sdk/errors/index.ts';
import { ScriptedTopic } from '../../../support/recovery/scripted-topic.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const { signal } = new AbortController();
const away = new EnvironmentError('It is away.');
let outcomes: readonly TargetOutcome[];

beforeEach(async () => {
  const [topic, clock, above] = [new ScriptedTopic(), new ManualClock(), tempDir('look-through')];
  topic.grow(3);
  const targets = ['a', 'b'].map((name) => new FolderTarget({ path: join(above, name), keep: undefined, clock }));
  outcomes = await runBackup({ source: topic, targets, clock }, signal);
});

function lookThrough(open: (place: string) => Promise<SnapshotFolder | undefined>): LookThrough {
  return new LookThrough({ isVerified: true, open });
}

describe('LookThrough', () => {
  it('never makes a backup fail that was made', async () => {
    const looked = await lookThrough(() => Promise.reject(away)).of(outcomes, signal);
    expect(looked).toEqual({ subjects: undefined, bytes: undefined, findings: undefined, notLookedThrough: away });
  });

  it('reads the first backup that can be read', async () => {
    const places: string[] = [];
    const looked = await lookThrough((place) => {
      places.push(place);
      return places.length === 1 ? Promise.reject(away) : openSnapshotFolder(place);
    }).of(outcomes, signal);
    expect(places).toEqual(outcomes.map(({ backup }) => backup?.place));
    expect(looked).toMatchObject({ subjects: 3, notLookedThrough: undefined });
    expect(looked.findings).toBeDefined();
  });

  it('ends when it is told to', async () => {
    const stopping = new AbortController();
    const looking = lookThrough(() => {
      stopping.abort(new DOMException('stop', 'AbortError'));
      return Promise.reject(away);
    }).of(outcomes, stopping.signal);
    await expect(looking).rejects.toThrow('stop');
  });
});
