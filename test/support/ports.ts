import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FIRST = 20_000;
const LAST = 30_000;
const claims = join(tmpdir(), 'holdfast-test-ports');
const claimed = new Set<string>();

process.on('exit', () => {
  for (const file of claimed) rmSync(file, { force: true });
});

/**
 * A free port of the loopback interface, claimed for this process until it ends: parallel test files do not get the
 * same one between the look and the use. It lies below the ephemeral range, because a client that keeps reconnecting to
 * an ephemeral port whose server is down can end up connected to itself, and the server then can't bind.
 */
export async function freePort(): Promise<number> {
  mkdirSync(claims, { recursive: true });
  for (let attempt = 0; attempt < 500; attempt++) {
    const port = randomInt(FIRST, LAST);
    const file = join(claims, String(port));
    if (!claim(file)) continue;
    if (await canBind(port)) {
      claimed.add(file);
      return port;
    }
    rmSync(file, { force: true });
  }
  throw new Error(`no free port between ${FIRST} and ${LAST} after 500 attempts; look for leftovers in ${claims}`);
}

/** Several free ports, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let i = 0; i < count; i++) ports.push(await freePort());
  return ports;
}

function claim(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    // Clears what a killed process left, but takes another port all the same: someone may be claiming this one now.
    if (!ownerIsAlive(file)) rmSync(file, { force: true });
    return false;
  }
}

function ownerIsAlive(file: string): boolean {
  try {
    process.kill(Number(readFileSync(file, 'utf8')) || process.pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function canBind(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
