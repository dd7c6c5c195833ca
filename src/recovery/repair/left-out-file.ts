/** The records that were left out, kept in a file: newline JSON with their bytes, and with their texts for whoever reads it. */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../../foundation/make-folder.ts';
import { EnvironmentError } from '../../sdk/errors/kinds.ts';
import { syncFolder } from '../backup/sync-folder.ts';
import { PLAN_FILE } from '../plan/plan-errors.ts';
import { isSystemError } from '../plan/system-error.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

const AT_ONCE = 200;

/** One line of the file; bytes are base64. */
export interface LeftOutLine {
  readonly offset: number;
  readonly timestamp: number;
  readonly why: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
  /** As far as they are UTF-8. */
  readonly keyText?: string;
  readonly valueText?: string;
}

/**
 * Whole and durable when it resolves, or not there: a file of that name is replaced. For its owner alone.
 * @throws EnvironmentError `holdfast.recovery.plan-file` where it can not be written; what reading the snapshot throws
 */
export async function writeLeftOutFile(
  path: string,
  snapshot: Snapshot,
  reasons: ReadonlyMap<number, string>,
): Promise<void> {
  try {
    await write(path, snapshot, reasons);
  } catch (cause) {
    await rm(`${path}.part`, { force: true }).catch(() => {});
    if (!isSystemError(cause)) throw cause;
    throw new EnvironmentError(
      `The file of the records that are left out, ${path}, can not be written: ${cause.message}`,
      {
        ...{ code: PLAN_FILE, cause },
      },
    );
  }
}

async function write(path: string, snapshot: Snapshot, reasons: ReadonlyMap<number, string>): Promise<void> {
  await makeFolder(dirname(path));
  const temporary = `${path}.part`;
  const file = await open(temporary, 'w', 0o600);
  try {
    const offsets = [...reasons.keys()];
    for (let at = 0; at < offsets.length; at += AT_ONCE) {
      const records = await snapshot.at(offsets.slice(at, at + AT_ONCE));
      const lines = records.flatMap((record) => {
        if (record === undefined) return [];
        const { offset, timestamp, key, value, headers } = record;
        const line: LeftOutLine = {
          ...{ offset, timestamp, why: reasons.get(offset) ?? '' },
          ...{ key: base64(key), value: base64(value) },
          headers: headers.map((header) => [header.key, base64(header.value)] as const),
          ...texts(key, value),
        };
        return [`${JSON.stringify(line)}\n`];
      });
      await file.writeFile(lines.join(''));
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

function base64(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('base64');
}

function texts(key: Uint8Array | null, value: Uint8Array | null): Pick<LeftOutLine, 'keyText' | 'valueText'> {
  const keyText = textOf(key);
  const valueText = textOf(value);
  return {
    ...(keyText === undefined ? {} : { keyText }),
    ...(valueText === undefined ? {} : { valueText }),
  };
}

function textOf(bytes: Uint8Array | null): string | undefined {
  if (bytes === null) return undefined;
  const text = Buffer.from(bytes).toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}
