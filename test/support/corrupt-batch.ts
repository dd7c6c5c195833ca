/** A batch of a stopped Kafka's partition whose checksum fails, as a disk leaves it. */
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const LENGTH_AT = 8;
const HEADER = 12;
const LAST_OFFSET_DELTA_AT = 23;

/**
 * Turns the last bit of the batch that holds the record at this offset.
 *
 * @param dir the partition's folder, `_schemas-0`; nobody may have it open
 * @throws Error when no segment holds the offset
 */
export async function corruptBatch(dir: string, offset: number): Promise<void> {
  for (const name of (await readdir(dir)).filter((each) => each.endsWith('.log'))) {
    const path = join(dir, name);
    const bytes = await readFile(path);
    for (let at = 0; at + HEADER < bytes.length; ) {
      const first = Number(bytes.readBigInt64BE(at));
      const end = at + HEADER + bytes.readInt32BE(at + LENGTH_AT);
      const last = first + bytes.readInt32BE(at + LAST_OFFSET_DELTA_AT);
      if (offset >= first && offset <= last) {
        const file = await open(path, 'r+');
        await file.write(Buffer.of((bytes[end - 1] ?? 0) ^ 1), 0, 1, end - 1);
        await file.close();
        return;
      }
      at = end;
    }
  }
  throw new Error(`no segment in ${dir} has a record at ${offset}`);
}
