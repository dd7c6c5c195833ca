/**
 * Settings of task hosts that a connector gives for itself. Kafka Connect has none of them, so that they show only where they are given:
 * what a form or a client sees of all others is Kafka Connect's.
 */
import { type ConfigInfo, type ConfigValue, toConfigInfoList } from '../../sdk/config/index.ts';
import type { RawConnectorConfig } from '../herder/herder.ts';
import { HOST_SETTINGS } from './task-spec.ts';
import type { WorkerConfig } from './worker-config.ts';
import { WORKER_CONFIG } from './worker-config-def.ts';

const NAMES: readonly string[] = HOST_SETTINGS;

/** The host settings that the connector gives, each with its definition and errors. A null value is left out: it is refused elsewhere. */
export function hostSettingInfos(worker: WorkerConfig, config: RawConnectorConfig): readonly ConfigInfo[] {
  const def = WORKER_CONFIG.pick((name) => NAMES.includes(name) && typeof config[name] === 'string');
  const values = def.validate(config);
  const memory = values.find(({ name }) => name === 'task.host.memory.max.mb');
  if (memory !== undefined) addMemoryProblem(memory, config['task.isolation'] ?? worker.values['task.isolation']);
  return toConfigInfoList(def.keys, values);
}

/** Only a thread of its own has a memory limit; elsewhere the setting would promise what nothing enforces. */
function addMemoryProblem(memory: ConfigValue, isolation: string): void {
  if (memory.errorMessages.length > 0 || memory.value === 0 || isolation.trim().toLowerCase() === 'own') return;
  memory.errorMessages.push(
    `Invalid value ${String(memory.value)} for configuration ${memory.name}: A connector has a limit of its own only with task.isolation=own`,
  );
}
