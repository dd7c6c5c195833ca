import { createHash, randomUUID } from 'node:crypto';
import { access, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { Clock } from '../../foundation/clock.ts';
import { makeFolder } from '../../foundation/make-folder.ts';
import { ConfigError, defineErrorCode } from '../../sdk/errors/index.ts';
import { errnoOf } from './file-system.ts';

/** Carried by a ConfigError. */
export const FOLDER_LOCKED = defineErrorCode('holdfast.broker.embedded.locked', {
  what: 'Another process has the folder of the embedded broker open. Two at once would destroy it.',
  mend: 'Stop the process that the message names, or give this one another folder.',
});

/** The exclusive use of a folder. */
export interface FolderLock {
  release(): Promise<void>;
}

/** What a folder is for, in the message for whom it is closed. */
export interface FolderUse {
  readonly what: string;
  readonly remedy: string;
  /** Of the error, which has a text of its own for each use. */
  readonly code: ReturnType<typeof defineErrorCode>;
}

const BROKER: FolderUse = {
  what: 'the embedded broker',
  remedy: 'set bootstrap.servers=embedded:<another folder> for this one',
  code: FOLDER_LOCKED,
};

/** What {@link lockBehind} says to whom it refuses. */
export interface LockedWords {
  /** Begins the message: what is locked. */
  readonly subject: string;
  readonly remedy: string;
  readonly code: ReturnType<typeof defineErrorCode>;
  /** What is locked, for programs. */
  readonly details: Readonly<Record<string, unknown>>;
}

interface Claim {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
  /** Where the claimant listens for as long as it lives. */
  readonly address: string;
}

/** The claim of somebody else who is alive; `held` once they have found that nobody else claims the folder. */
interface Holder extends Claim {
  readonly held: boolean;
}

const ATTEMPTS = 6;
/** What `sun_path` holds on every system; longer addresses are refused or, worse, cut. */
const MAX_SOCKET_PATH = 100;

/**
 * Locks a folder against every other process, and against a second broker in this one.
 * @throws ConfigError with the code of the use, `holdfast.broker.embedded.locked` by default, naming process and folder
 */
export function lockFolder(dir: string, clock: Clock, use: FolderUse = BROKER): Promise<FolderLock> {
  return lockBehind(join(dir, 'lock'), clock, {
    subject: `The folder ${resolve(dir)} of ${use.what}`,
    remedy: use.remedy,
    code: use.code,
    details: { dir: resolve(dir) },
  });
}

/**
 * The exclusive use of whatever a folder of claims stands for, against every other process and a second one in this process. The folder is made.
 *
 * Everyone who wants the folder listens on a socket of its own, files a claim of its own that names it, and only then looks
 * at the claims of others: of two who come at once, at least one sees the other, and both step back and try again if neither
 * held it. A claim is stale when nobody listens at its address. The system closes a socket with its process, also after kill -9,
 * and gives it to no other, so there is no pid to be taken for another's, no time limit, and nothing to race for: a stale
 * claim has a name that never comes back, so anyone may remove it. The socket lies in the folder itself, so that it also
 * works between containers that share the folder on one machine. A process whose loop is blocked still counts as alive: it
 * is the system that accepts the connection.
 *
 * @throws ConfigError of the code of `words`, naming the process; the file system's error when no claim can be filed
 */
export async function lockBehind(folder: string, clock: Clock, words: LockedWords): Promise<FolderLock> {
  await makeFolder(folder);
  for (let attempt = 1; ; attempt++) {
    const outcome = await tryLock(folder);
    if (!('holder' in outcome)) return outcome;
    if (outcome.holder.held || attempt === ATTEMPTS) throw locked(folder, words, outcome.holder);
    await clock.sleep(10 + Math.random() * 40 * attempt);
  }
}

async function tryLock(folder: string): Promise<FolderLock | { readonly holder: Holder }> {
  const id = randomUUID();
  const { server, address, release } = await listen(folder, id);
  const claim: Claim = { pid: process.pid, host: hostname(), since: new Date().toISOString(), address };
  const path = join(folder, `${id}.json`);
  const heldPath = join(folder, `${id}.held`);
  const withdraw = async (): Promise<void> => {
    await rm(heldPath, { force: true });
    await rm(path, { force: true });
    await new Promise<void>((done) => server.close(() => done()));
    await release();
  };
  try {
    await writeClaim(path, claim);
    const holder = await findOther(folder, id);
    if (holder !== null) {
      await withdraw();
      return { holder };
    }
    // A file of its own: to replace the claim could hide it for a moment from somebody who lists the folder.
    await writeFile(heldPath, '');
  } catch (error) {
    await withdraw();
    throw error;
  }
  return { release: withdraw };
}

/** A claim of somebody who is alive. Removes those of the dead. */
async function findOther(folder: string, ownId: string): Promise<Holder | null> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.json') || name === `${ownId}.json`) continue;
    const claim = await readClaim(join(folder, name));
    if (claim === null) continue;
    const held = join(folder, name.replace(/\.json$/, '.held'));
    if (await isListening(claim.address)) return { ...claim, held: await exists(held) };
    await rm(held, { force: true });
    await rm(join(folder, name), { force: true });
    if (claim.address.startsWith(resolve(folder))) await rm(claim.address, { force: true });
  }
  return null;
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/** A socket that is listened on, and where others find it. */
interface Listening {
  readonly server: Server;
  readonly address: string;
  /** After the server was closed. */
  readonly release: () => Promise<void>;
}

async function listen(folder: string, id: string): Promise<Listening> {
  if (process.platform === 'win32') {
    const hash = createHash('sha256').update(resolve(folder).toLowerCase()).digest('hex').slice(0, 16);
    return listenOn(`\\\\.\\pipe\\holdfast-${hash}-${id}`);
  }
  const own = resolve(join(folder, `${id}.sock`));
  const elsewhere = join(tmpdir(), `holdfast-${id}.sock`);
  const isLong = Buffer.byteLength(own) > MAX_SOCKET_PATH;
  if (isLong && process.platform !== 'linux') return listenOn(elsewhere);
  try {
    return isLong ? await listenThroughDescriptor(folder, own) : await listenOn(own);
  } catch (error) {
    // Some shared folders take no sockets. One outside still keeps out every process of this machine or container.
    if (!NO_SOCKETS_HERE.includes(errnoOf(error) ?? '')) throw error;
    return listenOn(elsewhere);
  }
}

const NO_SOCKETS_HERE = ['EOPNOTSUPP', 'ENOTSUP', 'EPERM', 'EACCES', 'EINVAL', 'ENOSYS'];

/** Linux reaches a folder of any depth through an open descriptor of it. */
async function listenThroughDescriptor(folder: string, address: string): Promise<Listening> {
  const handle = await open(folder, 'r');
  try {
    const { server } = await listenOn(`/proc/self/fd/${handle.fd}/${basename(address)}`);
    return { server, address, release: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function listenOn(address: string): Promise<Listening> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(address, () => {
      server.removeListener('error', fail);
      done();
    });
  });
  server.on('error', () => {});
  // The lock alone keeps no process alive.
  server.unref();
  return { server, address, release: async () => {} };
}

async function isListening(address: string): Promise<boolean> {
  if (process.platform === 'linux' && Buffer.byteLength(address) > MAX_SOCKET_PATH) {
    const at = address.lastIndexOf('/');
    let handle: Awaited<ReturnType<typeof open>>;
    try {
      handle = await open(address.slice(0, at), 'r');
    } catch {
      return false;
    }
    try {
      return await canConnect(`/proc/self/fd/${handle.fd}${address.slice(at)}`);
    } finally {
      await handle.close();
    }
  }
  return canConnect(address);
}

function canConnect(address: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(address);
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', (error) => {
      const errno = errnoOf(error);
      // Anything else (a full backlog, no permission) means that there is somebody.
      done(errno !== 'ECONNREFUSED' && errno !== 'ENOENT' && errno !== 'ENOTSOCK');
    });
  });
}

/** As a whole: who reads it never sees a half. */
async function writeClaim(path: string, claim: Claim): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await writeFile(temporary, JSON.stringify(claim));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

async function readClaim(path: string): Promise<Claim | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    // Claims are written as a whole: this one was damaged by something else, and names nobody who could be asked.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function locked(folder: string, { subject, remedy, code, details }: LockedWords, holder: Holder): ConfigError {
  const who = holder.pid === process.pid && holder.host === hostname() ? 'this very process' : `process ${holder.pid}`;
  return new ConfigError(
    `${subject} is in use by ${who} on ${holder.host}, since ${holder.since}. Stop that process, or ${remedy}. ` +
      `(Claims are kept in ${folder}; they go with their process, so none needs to be removed by hand.)`,
    { code, details: { ...details, pid: holder.pid, host: holder.host } },
  );
}
