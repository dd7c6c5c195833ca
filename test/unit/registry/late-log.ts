import { type CompactedLogEntry, MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';

/** A log that can be read only when the test says so, and what is in it then; or not at all. */
export class LateLog extends MemoryCompactedLog {
  read: (entries: readonly CompactedLogEntry[]) => void = () => {};
  fail: (error: Error) => void = () => {};
  private readonly late = new Promise<readonly CompactedLogEntry[]>((resolve, reject) => {
    this.read = resolve;
    this.fail = reject;
  });

  override async load(): Promise<CompactedLogEntry[]> {
    const entries = [...(await this.late)];
    await this.append(entries);
    return entries;
  }

  async copy(): Promise<MemoryCompactedLog> {
    const copy = new MemoryCompactedLog();
    await copy.append(await super.load());
    return copy;
  }
}
