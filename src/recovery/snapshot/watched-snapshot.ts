/** A snapshot whose readers show how far they are: planning and drilling read all of it several times. */
import type { Snapshot } from './snapshot.ts';

/** Who waits is told through it. */
export interface ProgressReport {
  /**
   * Cheap: may be called for every batch.
   * @param what constant for one stretch of work: `Reading _schemas`
   */
  report(what: string, done: number, total?: number): void;
}

/**
 * The same, and closed with it.
 * @param what for whoever waits: `Planning`
 */
export function watchedSnapshot(snapshot: Snapshot, what: string, progress: ProgressReport): Snapshot {
  const { facts } = snapshot;
  return {
    facts,
    records: async function* (from) {
      let done = 0;
      progress.report(what, done, facts.records);
      for await (const batch of snapshot.records(from)) {
        yield batch;
        done += batch.length;
        progress.report(what, done, facts.records);
      }
    },
    at: (offsets) => snapshot.at(offsets),
    witnesses: () => snapshot.witnesses(),
    close: () => snapshot.close(),
  };
}
