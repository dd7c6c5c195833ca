/** Every setting of a standalone worker: Kafka Connect 4.1.1's, then ours. */
import { ConfigDef } from '../../sdk/config/index.ts';
import { REST_CONFIG_KEYS } from './rest-config-keys.ts';
import { CONNECT_KEYS } from './worker-keys/connect-keys.ts';
import { METRICS_KEYS } from './worker-keys/metrics-keys.ts';
import { SCHEMA_STORE_KEYS } from './worker-keys/schema-store-keys.ts';
import { STANDALONE_KEYS } from './worker-keys/standalone-keys.ts';
import { TASK_KEYS } from './worker-keys/task-keys.ts';

export const WORKER_CONFIG = ConfigDef.of({
  ...CONNECT_KEYS,
  ...METRICS_KEYS,
  ...REST_CONFIG_KEYS,
  ...SCHEMA_STORE_KEYS,
  ...STANDALONE_KEYS,
  ...TASK_KEYS,
});
