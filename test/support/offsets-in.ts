import { readFileSync } from 'node:fs';
import { decodeOffsetFile } from '../../src/storage/offset-file.ts';

/** What an offset file holds, whoever has it in use; nothing when there is none yet. */
export function offsetsIn(path: string): ReadonlyMap<string, string> {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch {
    return new Map();
  }
  const offsets = decodeOffsetFile(content);
  if (typeof offsets === 'string') throw new Error(`${path}: ${offsets}`);
  return offsets;
}
