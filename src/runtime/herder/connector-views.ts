/** What the herder shows of a connector, whether it is dormant or not. */
import type { DesiredConnector, DormantConnector } from './desired-connectors.ts';
import type { ConnectorConfigMap, ConnectorInfo } from './herder.ts';

export function infoOf(known: DesiredConnector | DormantConnector): ConnectorInfo {
  const { name, config } = known;
  const tasks = taskConfigsOf(known).map((_, task) => ({ connector: name, task }));
  return { name, config, tasks, type: typeOf(known) };
}

export function taskConfigsOf(known: DesiredConnector | DormantConnector): readonly ConnectorConfigMap[] {
  return 'resolved' in known ? known.taskConfigs : [];
}

export function typeOf(known: DesiredConnector | DormantConnector): ConnectorInfo['type'] {
  return 'resolved' in known ? known.resolved.type : 'unknown';
}

export function versionOf(known: DesiredConnector | DormantConnector): string | null {
  return 'resolved' in known ? known.resolved.desc.version : null;
}
