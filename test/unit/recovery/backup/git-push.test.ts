import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { GitTarget } from '../../../../src/recovery/backup/git-target.ts';
import { runBackup, type TargetOutcome } from '../../../../src/recovery/backup/run-backup.ts';
import { ScriptedTopic } from '../../../support/recovery/scripted-topic.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const PASSWORD = 'open@sesame';
const { signal } = new AbortController();

let server: Server;
let path: string;
let host: string;
/** `name:password` of every request that had one. */
let given: string[];
/** Command lines in which the password stood while git asked the server. */
let seen: string[];

beforeEach(async () => {
  [path, given, seen] = [join(tempDir('git-push'), 'repository'), [], []];
  server = createServer(({ headers: { authorization } }, response) => {
    seen.push(...commandLines().filter((line) => /sesame/.test(line)));
    if (authorization === undefined) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
      return;
    }
    given.push(Buffer.from(authorization.replace('Basic ', ''), 'base64').toString());
    response.writeHead(500).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

function commandLines(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    });
}

async function backup(push: string): Promise<TargetOutcome> {
  const [topic, clock] = [new ScriptedTopic(), new ManualClock()];
  topic.grow(2);
  const target = new GitTarget({ name: `git:${path}`, path, author: undefined, message: undefined, push, clock });
  const [outcome] = await runBackup({ source: topic, targets: [target], clock }, signal);
  return outcome!;
}

describe('a push of backups', () => {
  it.each([
    ['as it should be written', 'someone:open%40sesame'],
    ['with an @ as it is', 'someone:open@sesame'],
  ])('shows the password of a URL, %s, to the remote alone', async (_, userinfo) => {
    const outcome = await backup(`http://${userinfo}@${host}/x.git`);
    expect(given).toContain(`someone:${PASSWORD}`);
    expect(seen).toEqual([]);
    expect(outcome).toMatchObject({ state: 'failed', error: { code: 'holdfast.recovery.git-failed' } });
    expect(String(outcome.error)).toContain(host);
    expect(String(outcome.error)).not.toMatch(/sesame|someone/);
  });

  it('does so for a remote of that name in the settings of the repository, too', async () => {
    execFileSync('git', ['init', '--quiet', path]);
    execFileSync('git', ['-C', path, 'remote', 'add', 'far', `http://someone:open%40sesame@${host}/x.git`]);
    const outcome = await backup('far');
    expect(given).toContain(`someone:${PASSWORD}`);
    expect(seen).toEqual([]);
    expect(String(outcome.error)).not.toMatch(/sesame|someone/);
  });

  it('leaves a password to the helpers of git where only the name is in the URL', async () => {
    execFileSync('git', ['init', '--quiet', path]);
    const helper = '!f() { grep -q username=sesame-token && echo password=known; }; f';
    execFileSync('git', ['-C', path, 'config', 'credential.helper', helper]);
    const outcome = await backup(`http://sesame-token@${host}/x.git`);
    expect(given).toContain('sesame-token:known');
    expect(seen).toEqual([]);
    expect(String(outcome.error)).not.toMatch(/sesame/);
  });

  it('says that there is no branch to push where HEAD is detached, keeps the commit, and pushes it once there is one', async () => {
    const remote = join(tempDir('git-push'), 'remote');
    const git = (...args: string[]): string => execFileSync('git', ['-C', path, ...args], { encoding: 'utf8' }).trim();
    execFileSync('git', ['init', '--quiet', '--bare', remote]);
    execFileSync('git', ['init', '--quiet', path]);
    git('-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '--quiet', '--allow-empty', '-m', 'first');
    git('checkout', '--quiet', '--detach');
    const outcome = await backup(remote);
    const head = git('rev-parse', 'HEAD');
    expect(outcome).toMatchObject({
      state: 'failed',
      backup: { records: 2, place: `git:${path}#${head}` },
      error: { code: 'holdfast.recovery.git-detached' },
    });
    expect(String(outcome.error)).toMatch(`${path} is on no branch: its HEAD is detached at ${head.slice(0, 12)}`);
    git('switch', '--quiet', '-c', 'backups');
    expect(await backup(remote)).toMatchObject({ state: 'unchanged', error: undefined });
    expect(execFileSync('git', ['-C', remote, 'rev-parse', 'backups'], { encoding: 'utf8' }).trim()).toBe(head);
  });

  it.each([
    'ssh://someone:sesame@127.0.0.1:1/x.git',
    'https://someone:ses/ame@127.0.0.1:1/x.git',
    'https://someone:sesame%0Ahost=other@127.0.0.1:1/x.git',
  ])('refuses %s without repeating it, and keeps the commit', async (url) => {
    const outcome = await backup(url);
    expect(outcome).toMatchObject({
      state: 'failed',
      backup: { records: 2 },
      error: { code: 'holdfast.recovery.place-invalid' },
    });
    expect(String(outcome.error)).not.toMatch(/sesame|ses\/ame|someone/);
  });
});
