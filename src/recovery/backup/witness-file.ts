/** What one node told over REST, kept beside the records: a line of everything but the versions, then a line for each version. */
import { DataError } from '../../sdk/errors/kinds.ts';
import type { RestWitness, WitnessedVersion, WitnessFacts } from '../snapshot/rest-witness.ts';
import { BACKUP_DAMAGED } from './backup-errors.ts';
import { fileLines } from './file-lines.ts';
import { LinesFile } from './lines-file.ts';
import type { WitnessFile } from './manifest.ts';

const BATCH = 200;

export async function writeWitness(folder: string, name: string, witness: RestWitness): Promise<WitnessFile> {
  const { versions: _, ...head } = witness;
  const file = await LinesFile.create(folder, name);
  try {
    await file.write(`${JSON.stringify(head)}\n`);
    for await (const batch of witness.versions()) {
      for (const version of batch) await file.write(`${JSON.stringify(version)}\n`);
    }
    const { bytes, sha256 } = await file.finish();
    const { node, vendor, versionCount } = witness;
    return { name, node, vendor, versions: versionCount, bytes, sha256 };
  } catch (cause) {
    await file.abort();
    throw cause;
  }
}

/** @throws DataError `holdfast.recovery.backup-damaged`; so do its versions, where they are read */
export async function readWitness(path: string, { versions }: WitnessFile): Promise<RestWitness> {
  let head: WitnessFacts | undefined;
  for await (const [first] of fileLines(path)) {
    if (first !== undefined) head = parsed(path, 1, first.text) as WitnessFacts;
    break;
  }
  if (head === undefined || head.versionCount !== versions) throw damaged(path, 1, 'it is not the line that it was');
  // Fields that are undefined are not in JSON.
  return {
    ...{ ...head, serverVersion: head.serverVersion },
    versions: () => witnessedVersions(path, { headLines: 1, versionCount: versions }),
  };
}

/** Versions in lines, behind `headLines` others. @throws DataError `holdfast.recovery.backup-damaged` */
export async function* witnessedVersions(
  path: string,
  { headLines, versionCount }: { readonly headLines: number; readonly versionCount: number },
): AsyncGenerator<readonly WitnessedVersion[]> {
  let batch: WitnessedVersion[] = [];
  let seen = 0;
  for await (const lines of fileLines(path)) {
    for (const { text, line } of lines) {
      if (line <= headLines) continue;
      const version = parsed(path, line, text) as WitnessedVersion;
      batch.push({ ...version, metadata: version.metadata, ruleSet: version.ruleSet });
      seen++;
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
  }
  if (seen !== versionCount) {
    throw damaged(path, seen + headLines, `the file ends after ${seen} of ${versionCount} versions`);
  }
  if (batch.length > 0) yield batch;
}

function parsed(path: string, line: number, text: string): object {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === 'object' && json !== null) return json;
  } catch (cause) {
    throw damaged(path, line, (cause as Error).message);
  }
  throw damaged(path, line, 'it is no JSON object');
}

function damaged(path: string, line: number, why: string): DataError {
  return new DataError(
    `The backup is damaged: ${path}, line ${line}: ${why}. The records are in files of their own and may be whole.`,
    { code: BACKUP_DAMAGED, details: { file: path, line } },
  );
}
