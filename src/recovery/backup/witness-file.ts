/** What one node told over REST, kept beside the records: a line of everything but the versions, then a line for each version. */
import { DataError } from '../../sdk/errors/kinds.ts';
import type { RestWitness, WitnessedVersion } from '../snapshot/rest-witness.ts';
import { BACKUP_DAMAGED } from './backup-errors.ts';
import { fileLines } from './file-lines.ts';
import { LinesFile } from './lines-file.ts';
import type { WitnessFile } from './manifest.ts';

export async function writeWitness(folder: string, name: string, witness: RestWitness): Promise<WitnessFile> {
  const { versions, ...head } = witness;
  const file = await LinesFile.create(folder, name);
  try {
    await file.write(`${JSON.stringify({ ...head, versionCount: versions.length })}\n`);
    for (const version of versions) await file.write(`${JSON.stringify(version)}\n`);
    const { bytes, sha256 } = await file.finish();
    const { node, vendor } = witness;
    return { name, node, vendor, versions: versions.length, bytes, sha256 };
  } catch (cause) {
    await file.abort();
    throw cause;
  }
}

/** @throws DataError `holdfast.recovery.backup-damaged` */
export async function readWitness(path: string, facts: WitnessFile): Promise<RestWitness> {
  let head: Omit<RestWitness, 'versions'> | undefined;
  const versions: WitnessedVersion[] = [];
  let at = 0;
  try {
    for await (const { text, line } of fileLines(path)) {
      at = line;
      if (head === undefined) {
        const { versionCount: _count, ...rest } = JSON.parse(text) as Omit<RestWitness, 'versions'> & {
          readonly versionCount: number;
        };
        head = rest;
      } else versions.push(JSON.parse(text) as WitnessedVersion);
    }
  } catch (cause) {
    throw damaged(path, at, (cause as Error).message);
  }
  if (head === undefined || versions.length !== facts.versions) {
    throw damaged(path, at, `the file ends after ${versions.length} of ${facts.versions} versions`);
  }
  // Fields that are undefined are not in JSON.
  return { ...head, serverVersion: head.serverVersion, versions: versions.map(withAbsent) };
}

function withAbsent(version: WitnessedVersion): WitnessedVersion {
  return { ...version, metadata: version.metadata, ruleSet: version.ruleSet };
}

function damaged(path: string, line: number, why: string): DataError {
  return new DataError(
    `The backup is damaged: ${path}, line ${line}: ${why}. The records are in files of their own and may be whole.`,
    { code: BACKUP_DAMAGED, details: { file: path, line } },
  );
}
