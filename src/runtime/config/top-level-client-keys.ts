import { CLIENT_CONFIGS } from '../../broker/kafka/client-config-def.ts';
import { WORKER_CONFIG } from './worker-config-def.ts';

/** Settings of Kafka's admin client that stand at the top of a worker file, for its own clients. The worker's own of the same name come first. */
export function isTopLevelClientKey(key: string): boolean {
  return CLIENT_CONFIGS.admin.keys.has(key) && !WORKER_CONFIG.keys.has(key);
}

/** Those of them that all kinds of clients have: how the cluster is found, and who is let in. */
export function isConnectionKey(key: string): boolean {
  return isTopLevelClientKey(key) && CLIENT_CONFIGS.producer.keys.has(key) && CLIENT_CONFIGS.consumer.keys.has(key);
}
