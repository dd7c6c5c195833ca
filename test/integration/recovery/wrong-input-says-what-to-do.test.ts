/** What `holdfast schemas` is called wrongly with: an exit code, a stable code, what is wrong where, and never a stack. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { MANIFEST_FILE } from '../../../src/recovery/backup/manifest.ts';
import { writeTopic } from '../../support/recovery/lived-topic.ts';
import { confluent } from '../../support/recovery/record-bytes.ts';
import { schemasCommand, schemasCommandEnds } from '../../support/recovery/schemas-command.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { withBroker } from '../../support/topic-content.ts';

const cwd = tempDir('wrong');
const kafka = ['--bootstrap-servers', 'embedded:broker'];

beforeAll(async () => {
  await withBroker(`embedded:${join(cwd, 'broker')}`, (broker) =>
    writeTopic(broker, '_schemas', [confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"int"' })]),
  );
  for (const place of ['good', 'newer']) await schemasCommandEnds(0, ['backup', ...kafka, '--to', place], { cwd });
  mkdirSync(join(cwd, 'empty'));
  writeFileSync(join(cwd, 'file'), 'no backup\n');
  const newer = join(cwd, 'newer');
  const name = readdirSync(newer).find((each) => /^\d/.test(each)) ?? '';
  const manifest = join(newer, name, MANIFEST_FILE);
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"format": 1', '"format": 99'));
});

const USAGE = 'holdfast.cli.usage';
const UNREADABLE = 'holdfast.recovery.backup-unreadable';

const WRONG: readonly (readonly [args: string, exitCode: number, code: string, says: RegExp])[] = [
  ['list', 1, USAGE, /^holdfast: missing required argument 'place'/],
  ['verify good --nonsense', 1, USAGE, /^holdfast: unknown option '--nonsense'/],
  ['nonsense', 1, USAGE, /^holdfast: unknown command 'nonsense'/],
  ['verify nowhere', 2, UNREADABLE, /nowhere is not there\. Check the path/],
  ['list empty', 2, UNREADABLE, /empty is neither a backup .* nor a folder that holds some/],
  ['verify file', 2, UNREADABLE, /file can't be read: it is a file\. Name a folder/],
  ['verify git:empty', 2, UNREADABLE, /empty is no git repository/],
  ['restore newer --into new-topic --topic x', 2, UNREADABLE, /format 99, .* Read it with the version that wrote it/],
  ['prune nowhere --keep last=1', 2, UNREADABLE, /There are no backups in nowhere/],
  ['apply nowhere', 2, 'holdfast.recovery.plan-file', /nowhere can not be read: ENOENT.* Name a file that restore/],
  ['apply empty', 2, 'holdfast.recovery.plan-file', /empty can not be read: EISDIR.* Name a file that restore/],
  ['verify good --report empty', 2, 'holdfast.recovery.report-unwritable', /empty: it is a folder\. Name another/],
  [
    'restore good --into new-topic --topic a/b',
    1,
    USAGE,
    /--topic 'a\/b' can't be the name of a topic: it holds other/,
  ],
  ['drill good --bootstrap-servers embedded:file', 2, 'holdfast.cli.file-unreadable', /it is a file\. Name the folder/],
  ['verify good --registry ftp://me:secret@x', 1, USAGE, /--registry must be http:\/\/host:port(?!.*secret)/],
  ['backup --to file', 3, 'holdfast.recovery.backup-failed', /EEXIST.* Make it writable, or name another one/],
  ['backup --to git:file', 3, 'holdfast.recovery.backup-failed', /EEXIST.* Name a folder that can be made/],
];

describe('holdfast schemas', () => {
  it.each(WRONG)('%s ends with %i and the code %s', async (args, exitCode, code, says) => {
    const told = args.includes('--bootstrap-servers') || args.startsWith('nonsense') ? [] : kafka;
    const { code: ended, stdout, stderr } = await schemasCommand([...args.split(' '), ...told], { cwd });
    const text = stderr === '' ? stdout : stderr;
    expect(text).toMatch(says);
    expect([text.split('\n')[0]?.endsWith(`[${code}]`), ended]).toEqual([true, exitCode]);
    expect(text).not.toMatch(/^ {4}at /m);
  });

  it('takes no group without a name, which never has members: a registry that runs would not be noticed', async () => {
    const { code, stderr } = await schemasCommand(['verify', 'good', '--group-id', ''], { cwd });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^holdfast: --group-id is empty\..* \[holdfast\.cli\.usage\]$/),
    ]);
  });

  it('says that it waits for a registry, and that one refuses its credentials', async () => {
    let isAway = true;
    const registry = createServer((_request, response) => {
      response.writeHead(isAway ? 503 : 401).end();
      isAway = false;
    });
    onTestFinished(() => void registry.close());
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
    const args = ['backup', '--from', 'registry', '--to', 'of-registry', '--registry', url];
    const { code, stderr } = await schemasCommand(args, { cwd });
    const [waiting = '', refused = ''] = stderr.split('\n');
    expect(waiting).toContain(`warn: The registry gives no usable answer, waiting for it (node=${url}`);
    expect(refused).toMatch(/401.*Check --registry and --registry-config\. \[holdfast\.recovery\.rest-refused\]$/);
    expect(code).toBe(2);
  });
});
