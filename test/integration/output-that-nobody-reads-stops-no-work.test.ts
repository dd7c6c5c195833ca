/** A pipe that is closed early or read late, and a full disk, behind stdout and stderr of a command. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { backupsIn } from '../../src/recovery/backup/backup-folder.ts';
import { SnapshotWriter } from '../../src/recovery/backup/snapshot-writer.ts';
import { writeTopic } from '../support/recovery/lived-topic.ts';
import { asLog, confluent } from '../support/recovery/record-bytes.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic, withBroker } from '../support/topic-content.ts';

const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

/** Its pipes are read by nobody yet. */
function start(args: readonly string[], stdout: 'pipe' | number = 'pipe'): ChildProcess {
  return spawn(process.execPath, [main, ...args], { stdio: ['ignore', stdout, 'pipe'], cwd: tempDir('cwd') });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...texts };
}

/** A backup of which verify tells much. */
async function unsoundBackup(): Promise<string> {
  const folder = join(tempDir('unsound'), 'backup');
  const writer = await SnapshotWriter.create({ folder });
  const records = Array.from({ length: 50 }, (_, index) =>
    confluent.schema({ subject: `${'s'.repeat(4_000)}${index}`, version: 1, id: index + 1, schema: '{' }),
  );
  await writer.append(asLog(records));
  await (await writer.finish({ source: 'topic', takenAt: 0, topic: undefined })).close();
  return folder;
}

it.each([[['schemas', '--help']], [['--help']]])(
  'holdfast %j ends well and says nothing where its reader has gone away',
  async (args) => {
    const child = start(args);
    child.stdout?.destroy();
    expect(await ended(child)).toEqual({ code: 0, stdout: '', stderr: '' });
  },
);

it('a report keeps its exit code where its reader has gone away', async () => {
  const child = start(['schemas', 'verify', await unsoundBackup()]);
  child.stdout?.destroy();
  expect(await ended(child)).toMatchObject({ code: 4, stderr: '' });
});

it('work goes on to its end where nobody reads what it says meanwhile', async () => {
  const dir = tempDir('unread');
  const [servers, backups, config] = [`embedded:${join(dir, 'broker')}`, join(dir, 'backups'), join(dir, 'config')];
  await withBroker(servers, async (broker) => {
    await createTopic(broker, '_schemas', 1, { 'cleanup.policy': 'compact' });
    await writeTopic(broker, '_schemas', [confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"int"' })]);
  });
  // Stands twice, of which a warning tells before the work begins.
  writeFileSync(config, 'basic.auth.user.info=a:b\nbasic.auth.user.info=a:c\n');
  const denying = createServer((_request, response) => response.writeHead(401).end()).listen(0, '127.0.0.1');
  onTestFinished(() => void denying.close());
  await once(denying, 'listening');
  const url = `http://127.0.0.1:${(denying.address() as AddressInfo).port}`;
  const registry = ['--registry', url, '--registry-config', config];
  const child = start(['schemas', 'backup', '--bootstrap-servers', servers, '--to', backups, ...registry]);
  child.stdout?.destroy();
  child.stderr?.destroy();
  expect(await ended(child)).toMatchObject({ code: 0 });
  expect(await backupsIn(backups)).toHaveLength(1);
});

it('a reader that is slow gets everything', async () => {
  const child = start(['schemas', 'verify', '--json', await unsoundBackup()]);
  // More than a pipe holds, and time enough to leave without it.
  await Promise.race([once(child, 'exit'), delay(3_000)]);
  const { code, stdout } = await ended(child);
  expect(code).toBe(4);
  expect(stdout.length).toBeGreaterThan(100_000);
  expect(JSON.parse(stdout)).toMatchObject({ ok: false });
});

it('a full disk behind stdout is told on stderr, and is a failure', async () => {
  const { code, stderr } = await ended(start(['schemas', '--help'], openSync('/dev/full', 'w')));
  expect(code).toBe(3);
  expect(stderr).toMatch(
    /^holdfast: What this command tells could not be written .* \[holdfast\.cli\.output-unwritable\]\n$/,
  );
});
