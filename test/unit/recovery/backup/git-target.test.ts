import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { GitTarget, type GitTargetOptions } from '../../../../src/recovery/backup/git-target.ts';
import { openGitSnapshot } from '../../../../src/recovery/backup/open-git-snapshot.ts';
import { folderName } from '../../../../src/recovery/backup/readable-files.ts';
import { runBackup, type TargetOutcome } from '../../../../src/recovery/backup/run-backup.ts';
import { inWords, recordsOf } from '../../../support/recovery/memory-snapshot.ts';
import { confluent } from '../../../support/recovery/record-bytes.ts';
import { ScriptedTopic } from '../../../support/recovery/scripted-topic.ts';

let above: string;
let path: string;
let topic: ScriptedTopic;
let clock: ManualClock;
const { signal } = new AbortController();

beforeEach(async () => {
  above = await mkdtemp(join(tmpdir(), 'holdfast-git-'));
  path = join(above, 'repository');
  topic = new ScriptedTopic();
  clock = new ManualClock();
  topic.grow(3);
});
afterEach(() => rm(above, { recursive: true, force: true }));

async function backup(more: Partial<GitTargetOptions> = {}): Promise<TargetOutcome> {
  await clock.advance(60_000);
  const author = { name: 'A Person', email: 'a@person.test' };
  const target = new GitTarget({
    ...{ name: `git:${path}`, path, author, message: undefined, push: undefined, clock },
    ...more,
  });
  const [outcome] = await runBackup({ source: topic, targets: [target], clock }, signal);
  return outcome!;
}

function git(...args: readonly string[]): string {
  return execFileSync('git', ['-C', path, ...args], { encoding: 'utf8' }).trim();
}

async function words(commit?: string): Promise<readonly string[]> {
  const snapshot = await openGitSnapshot({ path, commit }, signal);
  try {
    await snapshot.check();
    return (await recordsOf(snapshot)).map(inWords);
  } finally {
    await snapshot.close();
  }
}

describe('a backup into a git repository', () => {
  it('makes one commit for each change, each of which gives back every byte', async () => {
    expect(await backup()).toMatchObject({ state: 'written', backup: { records: 3, added: 3 } });
    const first = topic.log.map(inWords);
    topic.grow(2);
    expect(await backup()).toMatchObject({ state: 'written', backup: { records: 5, added: 2 } });
    expect(await backup()).toMatchObject({
      state: 'unchanged',
      backup: { place: `git:${path}#${git('rev-parse', 'HEAD')}` },
    });
    expect(git('rev-list', '--count', 'HEAD')).toBe('2');
    expect(git('log', '-1', '--format=%an <%ae>|%cn|%s')).toBe(
      'A Person <a@person.test>|A Person|schemas: 2 records of _schemas up to offset 5',
    );
    expect(await words()).toEqual(topic.log.map(inWords));
    expect(await words('HEAD~1')).toEqual(first);
    // What is new stands as lines behind the others.
    expect(git('diff', '--numstat', 'HEAD~1', '--', 'snapshot/records-0000000000000000.ndjson')).toMatch(/^2\t0\t/);
    expect(git('status', '--porcelain')).toBe('');
  });

  it('has files for people, for each subject and version', async () => {
    topic.write(
      confluent.schema({ subject: ':.c:a/b', version: 2, id: 9, schema: '{"type":"record","name":"R","fields":[]}' }),
    );
    topic.write(confluent.config(null, { compatibilityLevel: 'FULL' }));
    await backup();
    const folder = join(path, 'subjects', folderName(':.c:a/b'));
    expect(await readFile(join(folder, 'v2.avsc'), 'utf8')).toBe(
      '{\n  "type": "record",\n  "name": "R",\n  "fields": []\n}\n',
    );
    expect(JSON.parse(await readFile(join(folder, 'v2.meta.json'), 'utf8'))).toMatchObject({ id: 9, deleted: false });
    expect(JSON.parse(await readFile(join(path, 'config.json'), 'utf8'))).toEqual({
      '': { compatibilityLevel: 'FULL' },
    });
    topic.write(confluent.schema({ subject: 's2', version: 1, id: 2, schema: '{}', schemaType: 'JSON' }));
    topic.write(confluent.deleteSubject(':.c:a/b', 2), confluent.gone('s1', 1));
    await backup();
    expect(JSON.parse(await readFile(join(folder, 'v2.meta.json'), 'utf8'))).toMatchObject({ deleted: true });
    expect((await readdir(join(path, 'subjects', 's2'))).sort()).toEqual(['v1.json', 'v1.meta.json']);
    expect((await readdir(join(path, 'subjects'))).sort()).toEqual(
      [folderName(':.c:a/b'), 'README.md', 's2', 's3'].sort(),
    );
  });

  it('says what no UTF-8 says, and keeps names in their lines', async () => {
    const [high, low] = ['\uD83D', '\uDE00'];
    topic.write(
      confluent.schema({
        subject: `a${high}`,
        version: 1,
        id: 9,
        schema: `{"type":"fixed","name":"F","size":1,"doc":"${low}"}`,
      }),
      confluent.schema({ subject: `a${low}`, version: 1, id: 10, schema: `// ${high}`, schemaType: 'PROTOBUF' }),
      confluent.schema({ subject: 'a\0\nb', version: 1, id: 11, schema: '"int"' }),
    );
    expect(await backup()).toMatchObject({ state: 'written', error: undefined, backup: { records: 6 } });
    const [one, other] = [join(path, 'subjects', 'a%uD83D'), join(path, 'subjects', 'a%uDE00')];
    expect(JSON.parse(await readFile(join(one, 'v1.avsc'), 'utf8'))).toMatchObject({ doc: low });
    expect(JSON.parse(await readFile(join(one, 'v1.meta.json'), 'utf8'))).toMatchObject({ subject: `a${high}` });
    expect(JSON.parse(await readFile(join(other, 'v1.meta.json'), 'utf8'))).toMatchObject({ schema: `// ${high}` });
    expect(git('log', '-1', '--format=%b').split('\n').slice(-3)).toEqual([
      '+ a\\ud83d v1 (id 9)',
      '+ a\\ude00 v1 (id 10)',
      '+ a\\u0000\\u000ab v1 (id 11)',
    ]);
    expect(await words()).toEqual(topic.log.map(inWords));
  });

  it('goes on from the newest commit after a run that was killed in the middle', async () => {
    await backup();
    topic.grow(1);
    await writeFile(join(path, '.git', 'index.lock'), '');
    await writeFile(join(path, '.git', 'holdfast-schemas', 'running'), '1\n');
    await rm(join(path, 'snapshot', 'manifest.json'));
    await writeFile(join(path, 'snapshot', 'records-0000000000000000.ndjson'), 'half');
    await mkdir(join(path, '..holdfast-next.tmp-x'));
    await mkdir(join(path, 'subjects', 'stray'));
    await writeFile(join(path, 'subjects', 'stray', 'v1.avsc'), 'x');
    const outcome = backup();
    // The lock may be of a git that goes on for a moment.
    const waiting = setInterval(() => void clock.advance(1_000), 20);
    expect(await outcome).toMatchObject({ state: 'written', backup: { records: 4, added: 1 }, error: undefined });
    clearInterval(waiting);
    expect(await words()).toEqual(topic.log.map(inWords));
    expect(git('status', '--porcelain')).toBe('');
    expect(await readdir(join(path, 'subjects'))).not.toContain('stray');
  });

  it('takes the lock of a run that was killed while it mended, and never that of others', async () => {
    await backup();
    topic.grow(1);
    await writeFile(join(path, '.git', 'index.lock'), '');
    for (let n = 0; n < 2; n++)
      expect(await backup()).toMatchObject({ error: { code: 'holdfast.recovery.git-failed' } });
    await writeFile(join(path, '.git', 'holdfast-schemas', 'healing'), '1\n');
    const outcome = backup();
    const waiting = setInterval(() => void clock.advance(1_000), 20);
    expect(await outcome).toMatchObject({ state: 'written', backup: { records: 4, added: 1 }, error: undefined });
    clearInterval(waiting);
  });

  it('leaves files of others alone, and refuses what is not its own', async () => {
    await mkdir(path);
    git('init', '--quiet');
    await writeFile(join(path, 'README.md'), 'mine\n');
    git('add', '.');
    git('-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '--quiet', '-m', 'mine');
    await writeFile(join(path, 'README.md'), 'changed\n');
    expect(await backup()).toMatchObject({ state: 'written' });
    expect(git('status', '--porcelain')).toBe('M README.md');
    path = join(above, 'other');
    await mkdir(join(path, 'subjects'), { recursive: true });
    expect(await backup()).toMatchObject({ state: 'failed', error: { code: 'holdfast.recovery.target-foreign' } });
    await writeFile(join(path, 'subjects', 'theirs'), '1');
    git('init', '--quiet');
    git('add', '.');
    git('-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '--quiet', '-m', 'theirs');
    expect(await backup()).toMatchObject({ state: 'failed', error: { code: 'holdfast.recovery.target-foreign' } });
    expect(await readFile(join(path, 'subjects', 'theirs'), 'utf8')).toBe('1');
  });

  it('neither loses nor commits what somebody has not committed', async () => {
    for (const mine of ['config.json', 'subjects/notes.txt']) {
      path = join(above, mine.replace('/', '-'));
      await mkdir(join(path, 'subjects'), { recursive: true });
      git('init', '--quiet');
      await writeFile(join(path, mine), 'mine');
      expect(await backup()).toMatchObject({ state: 'failed', error: { code: 'holdfast.recovery.target-foreign' } });
      expect(await readFile(join(path, mine), 'utf8')).toBe('mine');
    }
    path = join(above, 'staged');
    expect(await backup()).toMatchObject({ state: 'written' });
    await writeFile(join(path, 'mine.txt'), 'mine');
    git('add', 'mine.txt');
    topic.grow(1);
    expect(await backup()).toMatchObject({ state: 'written', backup: { added: 1 } });
    expect(git('status', '--porcelain')).toBe('A  mine.txt');
  });

  it('is not kept from it by hooks, keys to sign with and attributes', async () => {
    await mkdir(path);
    git('init', '--quiet');
    for (const hook of ['pre-commit', 'commit-msg', 'post-commit']) {
      await writeFile(join(path, '.git', 'hooks', hook), `#!/bin/sh\ntouch ${above}/ran\nexit 1\n`, { mode: 0o755 });
    }
    for (const [name, value] of [
      ...[
        ['commit.gpgSign', 'true'],
        ['gpg.program', '/bin/false'],
        ['user.useConfigOnly', 'true'],
      ],
      ...[
        ['user.email', 'x@x.test'],
        ['filter.shout.clean', 'tr a-z A-Z'],
        ['filter.shout.smudge', 'tr a-z A-Z'],
      ],
    ]) {
      git('config', name!, value!);
    }
    await writeFile(join(path, '.gitattributes'), '* text=auto eol=crlf filter=shout\n');
    expect(await backup({ author: undefined })).toMatchObject({ state: 'written', error: undefined });
    await rm(join(path, 'snapshot'), { recursive: true });
    topic.grow(1);
    expect(await backup({ author: undefined })).toMatchObject({ state: 'written', warnings: [], backup: { added: 1 } });
    expect(await words()).toEqual(topic.log.map(inWords));
    expect(await readdir(above)).toEqual(['repository']);
  });

  it('puts very many files into one pack', async () => {
    topic.grow(400);
    expect(await backup()).toMatchObject({ state: 'written', backup: { records: 403 } });
    expect(await words()).toEqual(topic.log.map(inWords));
    // What is left are folders.
    expect(Number(/^count: (\d+)/m.exec(git('count-objects', '-v'))?.[1])).toBeLessThan(450);
    expect(git('count-objects', '-v')).toMatch(/^packs: 1$/m);
    git('fsck', '--strict');
  });

  it('keeps the commit when it can not be pushed, and pushes it next time', async () => {
    const remote = join(above, 'remote.git');
    const outcome = await backup({ push: remote });
    expect(outcome).toMatchObject({
      state: 'failed',
      backup: { records: 3 },
      error: { code: 'holdfast.recovery.git-failed' },
    });
    execFileSync('git', ['init', '--quiet', '--bare', remote]);
    expect(await backup({ push: remote })).toMatchObject({ state: 'unchanged', error: undefined });
    expect(
      execFileSync('git', ['-C', remote, 'rev-parse', git('symbolic-ref', '--short', 'HEAD')], {
        encoding: 'utf8',
      }).trim(),
    ).toBe(git('rev-parse', 'HEAD'));
  });

  it('says in the commit where it does not go on from the one before', async () => {
    await backup();
    const before = git('rev-parse', 'HEAD');
    topic.facts = { ...topic.facts, topicId: 'another' };
    expect(await backup()).toMatchObject({ state: 'written' });
    const snapshot = await openGitSnapshot({ path }, signal);
    expect(snapshot.facts.continuityBreak).toEqual({ before, why: expect.stringContaining('made anew') });
    await snapshot.close();
  });

  it('names the commit that is not there', async () => {
    await backup();
    await expect(openGitSnapshot({ path, commit: 'nowhere' }, signal)).rejects.toMatchObject({
      code: 'holdfast.recovery.backup-unreadable',
    });
  });
});

/** The store of objects holds something else under the name of what the newest commit has in this file. */
async function damageObject(name: string): Promise<void> {
  const id = git('rev-parse', `HEAD:${name}`);
  const file = join(path, '.git', 'objects', id.slice(0, 2), id.slice(2));
  await chmod(file, 0o600);
  await writeFile(file, 'nothing that git can read');
}

describe('a git repository with damage', () => {
  const records = 'snapshot/records-0000000000000000.ndjson';

  it('gets a full backup where an older file of the newest commit is not what was written', async () => {
    topic.write(confluent.schema({ subject: 'large', version: 1, id: 90, schema: `"${'x'.repeat(900_000)}"` }));
    await backup();
    // So many that the end of what is held, which is compared with the topic, does not reach the older file.
    topic.grow(70);
    await backup();
    const text = await readFile(join(path, records), 'utf8');
    await writeFile(join(path, records), text.replace('"timestamp":', '"timestamp":1'));
    git('-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '--quiet', '-m', 'damage', '--', records);
    topic.grow(1);
    const outcome = await backup();
    expect(outcome).toMatchObject({ state: 'written', error: undefined, backup: { records: 75, added: 75 } });
    expect(outcome.warnings.join()).toContain(`${records}, line 1`);
    expect(await words()).toEqual(topic.log.map(inWords));
    expect(git('status', '--porcelain')).toBe('');
  });

  it('gets a full backup where its newest manifest was changed', async () => {
    await backup();
    const manifest = join(path, 'snapshot', 'manifest.json');
    await writeFile(manifest, (await readFile(manifest, 'utf8')).replace('"records": 3', '"records": 4'));
    git('-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '--quiet', '-m', 'damage', '--', 'snapshot');
    const outcome = await backup();
    expect(outcome).toMatchObject({ state: 'written', error: undefined, backup: { records: 3, added: 3 } });
    expect(outcome.warnings.join()).toContain('manifest.json was changed');
    expect(await words()).toEqual(topic.log.map(inWords));
  });

  for (const name of ['snapshot/manifest.json', records]) {
    it(`notices that the object of ${name} can not be read, and stores it anew`, async () => {
      await backup();
      await damageObject(name);
      const outcome = await backup();
      expect(outcome).toMatchObject({ state: 'written', error: undefined, backup: { records: 3, added: 3 } });
      expect(outcome.warnings.join()).toContain(name);
      expect(await words()).toEqual(topic.log.map(inWords));
      expect(await backup()).toMatchObject({ state: 'unchanged', warnings: [] });
    });
  }

  it('goes on where it can not check out what is damaged', async () => {
    await backup();
    await damageObject(records);
    await rm(join(path, records));
    topic.grow(1);
    expect(await backup()).toMatchObject({ state: 'written', error: undefined, backup: { records: 4, added: 4 } });
    expect(await words()).toEqual(topic.log.map(inWords));
  });

  it('stores anew what lies in a damaged pack', async () => {
    await backup();
    git('gc', '--quiet', '--prune=now');
    const packs = join(path, '.git', 'objects', 'pack');
    const pack = join(packs, (await readdir(packs)).find((name) => name.endsWith('.pack'))!);
    const at = Number(
      git('verify-pack', '-v', pack.replace(/pack$/, 'idx'))
        .split('\n')
        .find((line) => line.startsWith(git('rev-parse', `HEAD:${records}`)))!
        .split(/\s+/)[4],
    );
    const bytes = await readFile(pack);
    bytes.fill(0, at + 4, at + 12);
    await chmod(pack, 0o600);
    await writeFile(pack, bytes);
    expect(await backup()).toMatchObject({ state: 'written', error: undefined, backup: { records: 3, added: 3 } });
    expect(await words()).toEqual(topic.log.map(inWords));
  });

  it('moves no branch to what does not read back, and supersedes it with the next run', async () => {
    await backup();
    const before = git('rev-parse', 'HEAD');
    topic.grow(1);
    // What lies in the work tree is not what was written any more, when it is committed.
    const meddle = setInterval(() => {
      void readFile(join(path, records), 'utf8').then(
        (text) => (text.includes('"offset":3,') ? writeFile(join(path, records), text.slice(0, -40)) : undefined),
        () => {},
      );
    }, 1);
    const outcome = await backup();
    clearInterval(meddle);
    expect(outcome).toMatchObject({ state: 'failed', error: { code: 'holdfast.recovery.backup-damaged' } });
    expect(git('rev-parse', 'HEAD')).toBe(before);
    expect(await words()).toEqual(topic.log.slice(0, 3).map(inWords));
    expect(await backup()).toMatchObject({ state: 'written', error: undefined, backup: { records: 4, added: 1 } });
    expect(git('rev-parse', 'HEAD~1')).toBe(before);
    expect(git('rev-list', '--all', '--count')).toBe('2');
    expect(await words()).toEqual(topic.log.map(inWords));
  });
});
