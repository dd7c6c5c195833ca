/**
 * Settings of the Kafka clients of one task. Kafka Connect 4.1.1, 2.4; precedence from low to high: what Connect sets itself, the
 * worker's prefix, the connector's override.
 */
import { withPrefix } from './worker-config.ts';

const CLIENT_SECURITY =
  /^(security\.|sasl\.|ssl\.|bootstrap\.servers$|client\.dns\.lookup$|request\.timeout\.ms$|retry\.backoff|reconnect\.backoff|metadata\.)/;

type Raw = Readonly<Record<string, string>>;

/** Settings by which a client finds the cluster and is let in. */
export function isClientSecurity(key: string): boolean {
  return CLIENT_SECURITY.test(key);
}

export interface TaskClientSettings {
  readonly producer: Raw;
  readonly consumer: Raw;
  readonly admin: Raw;
}

export function taskClientSettings(
  worker: Raw,
  connector: Raw,
  task: { readonly connector: string; readonly task: number },
): TaskClientSettings {
  const id = `${task.connector}-${task.task}`;
  const bootstrap = { 'bootstrap.servers': worker['bootstrap.servers'] ?? 'localhost:9092' };
  const topLevel = Object.fromEntries(Object.entries(worker).filter(([key]) => isClientSecurity(key)));
  return {
    producer: {
      ...bootstrap,
      'client.id': `connector-producer-${id}`,
      ...withPrefix(worker, 'producer.'),
      ...withPrefix(connector, 'producer.override.'),
    },
    consumer: {
      ...bootstrap,
      'client.id': `connector-consumer-${id}`,
      'group.id': `connect-${task.connector}`,
      'auto.offset.reset': 'earliest',
      ...withPrefix(worker, 'consumer.'),
      ...withPrefix(connector, 'consumer.override.'),
    },
    admin: {
      ...bootstrap,
      ...topLevel,
      'client.id': `connector-adminclient-${id}`,
      ...adminDefaults(worker),
      ...withPrefix(connector, 'admin.override.'),
    },
  };
}

/** `admin.listeners` and what is below it are the REST API's, and hold the key of its certificate. */
function adminDefaults(worker: Raw): Raw {
  const settings = Object.entries(withPrefix(worker, 'admin.'));
  return Object.fromEntries(settings.filter(([key]) => key !== 'listeners' && !key.startsWith('listeners.')));
}

export interface GroupAccess {
  readonly groupId: string;
  readonly adminSettings: Raw;
}

/** Where the offsets of a sink connector are. */
export function groupAccess(worker: Raw, connector: Raw): GroupAccess {
  const name = connector['name'] ?? '';
  const { consumer, admin } = taskClientSettings(worker, connector, { connector: name, task: 0 });
  const clientId = connector['admin.override.client.id'] ?? `connector-worker-adminclient-${name}`;
  return {
    groupId: consumer['group.id'] ?? `connect-${name}`,
    adminSettings: { ...admin, 'client.id': clientId },
  };
}
