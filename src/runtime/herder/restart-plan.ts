/** What a restart of a connector will restart. Kafka Connect 4.1.1 (KIP-745). */
import type { ConnectorStateInfo } from './herder.ts';

export interface RestartPlan {
  readonly restartsConnector: boolean;
  /** Ascending. */
  readonly tasks: readonly number[];
  /** The answer to the request: what will be restarted shows RESTARTING, and keeps its trace. */
  readonly shown: ConnectorStateInfo;
}

export function planRestart(
  before: ConnectorStateInfo,
  options: { readonly onlyFailed: boolean; readonly includeTasks: boolean },
): RestartPlan {
  const chosen = (state: string): boolean => !options.onlyFailed || state === 'FAILED';
  const restartsConnector = chosen(before.connector.state);
  const tasks = options.includeTasks ? before.tasks.filter(({ state }) => chosen(state)).map(({ id }) => id) : [];
  const shown: ConnectorStateInfo = {
    ...before,
    connector: restartsConnector ? { ...before.connector, state: 'RESTARTING' } : before.connector,
    tasks: before.tasks.map((task) => (tasks.includes(task.id) ? { ...task, state: 'RESTARTING' } : task)),
  };
  return { restartsConnector, tasks, shown };
}
