/** Folders for what is spooled. Each says whose it is, so that what a killed run left can be told from what a live one uses. */
import { lstat, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const PREFIX = 'holdfast-schemas-';
const OWNER_FILE = '.owner.json';

interface Owner {
  readonly pid: number;
  /** Where that pid is a process: host, boot and pid namespace. */
  readonly world: string;
  /** When it began, where the system tells; a pid comes back. */
  readonly began: string;
}

let swept: Promise<void> | undefined;

/** A new one in the system's temporary folder. The first of a process removes those of processes that are gone. */
export async function temporaryFolder(): Promise<string> {
  swept ??= removeOrphans();
  await swept;
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  const { pid } = process;
  const owner: Owner = { pid, world: await worldOfPids(), began: await beganAt(pid) };
  await writeFile(join(folder, OWNER_FILE), JSON.stringify(owner));
  return folder;
}

/** Removes the folders of this user whose process is gone. Those that do not say whose they are, or are of elsewhere, stay. */
export async function removeOrphans(above = tmpdir()): Promise<void> {
  const world = await worldOfPids();
  for (const name of await readdir(above).catch(() => [])) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(above, name);
    try {
      const found = await lstat(folder);
      if (!found.isDirectory() || found.uid !== (process.getuid?.() ?? found.uid)) continue;
      const owner = JSON.parse(await readFile(join(folder, OWNER_FILE), 'utf8')) as Owner;
      if (owner.world !== world || (await isAlive(owner))) continue;
      await rm(folder, { recursive: true, force: true });
    } catch {
      // It went meanwhile, or is not ours to judge.
    }
  }
}

async function isAlive({ pid, began }: Owner): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid <= 0) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Anything else, such as EPERM, means that there is one.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
  const now = await beganAt(pid);
  return now === '' || began === '' || now === began;
}

async function worldOfPids(): Promise<string> {
  const [boot, namespace] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return `${hostname()} ${boot.trim()} ${namespace}`;
}

/** Ticks since boot, on Linux; '' elsewhere. */
async function beganAt(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name in brackets may have spaces and brackets; the state follows it, and the beginning is the twentieth of what follows.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
