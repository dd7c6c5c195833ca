/** Takes what a node tells, version by version, into a file, so that memory does not grow with the registry. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { LinesFile } from '../backup/lines-file.ts';
import { witnessedVersions } from '../backup/witness-file.ts';
import type { RestWitness, WitnessedVersion, WitnessFacts } from '../snapshot/rest-witness.ts';

export class WitnessSpool {
  private readonly folder: string;
  private readonly file: LinesFile;
  private count = 0;
  /** Lines go one after the other, whoever adds them. */
  private lastLine: Promise<void> = Promise.resolve();

  private constructor(options: { readonly folder: string; readonly file: LinesFile }) {
    this.folder = options.folder;
    this.file = options.file;
  }

  /** @param folder whose owner removes it, with what is in it */
  static async create(folder: string): Promise<WitnessSpool> {
    return new WitnessSpool({ folder, file: await LinesFile.create(folder, `told-${randomUUID()}.ndjson`) });
  }

  get versions(): number {
    return this.count;
  }

  add(version: WitnessedVersion): Promise<void> {
    this.count++;
    const line = this.lastLine.then(() => this.file.write(`${JSON.stringify(version)}\n`));
    this.lastLine = line.catch(() => {});
    return line;
  }

  async finish(facts: Omit<WitnessFacts, 'versionCount'>): Promise<RestWitness> {
    await this.file.finish();
    const { count: versionCount } = this;
    const path = join(this.folder, this.file.name);
    return { ...facts, versionCount, versions: () => witnessedVersions(path, { headLines: 0, versionCount }) };
  }

  abort(): Promise<void> {
    return this.file.abort();
  }
}
