import type { Segment } from './segment.ts';

/** Disks write whole blocks: the one that the end shares with acknowledged bytes is written anew. */
const BLOCK_BYTES = 4096;

/**
 * Makes the end of a segment right again after a failed write or sync: what the page cache holds of the tail says nothing about the disk,
 * and a second sync of the same pages would report success without writing them. So the file is opened anew, cut back to what was
 * acknowledged, and the block that the end shares with acknowledged bytes is written once more, and synced. Rejects with the file system's
 * error, or when acknowledged bytes are missing.
 */
export async function rewriteTail(segment: Segment): Promise<void> {
  await segment.closeFile();
  await segment.withFile(async (file) => {
    const size = await file.size();
    if (size < segment.size) {
      throw new Error(`${segment.path} has ${size} bytes, fewer than the ${segment.size} acknowledged`);
    }
    await file.truncate(segment.size);
    const from = segment.size - (segment.size % BLOCK_BYTES);
    const block = Buffer.alloc(segment.size - from);
    if (block.length > 0) {
      await file.read(block, from);
      await file.write([block], from);
    }
    await file.sync();
  });
}
