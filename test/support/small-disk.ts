import { spawnSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from './temp-dir.ts';

const mounted = new Set<string>();

process.on('exit', () => {
  for (const dir of mounted) spawnSync('/bin/umount', ['-l', dir], { stdio: 'ignore' });
});

/** A file system of its own that can be filled; null, and said loudly, where this user may not mount a tmpfs. */
export function smallDisk(megabytes: number): SmallDisk | null {
  const dir = tempDir('disk');
  const args = ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir];
  if (process.platform !== 'linux' || spawnSync('/bin/mount', args, { stdio: 'ignore' }).status !== 0) {
    process.stderr.write('SKIPPED: a full disk needs the right to mount a tmpfs (run as root on Linux)\n');
    return null;
  }
  mounted.add(dir);
  return new SmallDisk(dir);
}

export class SmallDisk {
  readonly dir: string;
  private readonly ballast: string;

  constructor(dir: string) {
    this.dir = dir;
    this.ballast = join(dir, 'ballast');
  }

  /** Leaves so many bytes free, fewer when somebody writes meanwhile. */
  fill(left: number): void {
    const { bavail, bsize } = statfsSync(this.dir);
    try {
      writeFileSync(this.ballast, Buffer.alloc(Math.max(0, bavail * bsize - left)));
    } catch (error) {
      // Whoever writes meanwhile takes blocks that were free when they were counted: the disk is as full as it was to be.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  free(): void {
    rmSync(this.ballast, { force: true });
  }

  unmount(): void {
    mounted.delete(this.dir);
    spawnSync('/bin/umount', ['-l', this.dir], { stdio: 'ignore' });
  }
}
