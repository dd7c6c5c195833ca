/** The tasks of the worker that are parked now, and where. */
import type { Herder } from '../runtime/herder/herder.ts';
import type { TaskStatus } from '../runtime/herder/status.ts';
import { NotFoundError } from '../sdk/errors/kinds.ts';

export interface ParkedTask {
  readonly connector: string;
  readonly task: number;
  readonly parked: NonNullable<TaskStatus['parked']>;
}

/** From the statuses, which are in memory: invariant 7, it waits for no plugin. */
export async function parkedTasks(herder: Pick<Herder, 'connectors' | 'connectorStatus'>): Promise<ParkedTask[]> {
  const found: ParkedTask[] = [];
  for (const connector of await herder.connectors()) {
    try {
      for (const { id, parked } of (await herder.connectorStatus(connector)).tasks) {
        if (parked !== null) found.push({ connector, task: id, parked });
      }
    } catch (error) {
      // Deleted meanwhile.
      if (!(error instanceof NotFoundError)) throw error;
    }
  }
  return found;
}
