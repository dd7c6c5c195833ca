/** A ZIP file in memory, its entries stored as they are (APPNOTE.TXT 6.3.10, without ZIP64: up to 65,535 entries and 4 GiB). */
import { crc32 } from 'node:zlib';

const UTF8_NAMES = 0x0800;
const VERSION = 20;
/** 1980-01-01: the same content makes the same file. */
const DATE = 0x0021;

export function zipArchive(entries: readonly (readonly [name: string, content: string])[]): Uint8Array {
  if (entries.length > 0xffff) throw new RangeError('a ZIP file without ZIP64 holds 65,535 entries');
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of entries) {
    const nameBytes = Buffer.from(name, 'utf8');
    const data = Buffer.from(content, 'utf8');
    // What the local and the central header have in common.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(VERSION, 0);
    common.writeUInt16LE(UTF8_NAMES, 2);
    common.writeUInt16LE(DATE, 8);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const madeBy = Buffer.alloc(2);
    madeBy.writeUInt16LE(VERSION);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(signature(0x02014b50), madeBy, common, tail, nameBytes);
    files.push(signature(0x04034b50), common, nameBytes, data);
    offset += 4 + common.length + nameBytes.length + data.length;
  }
  const directoryBytes = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directoryBytes.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, directoryBytes, end]);
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
