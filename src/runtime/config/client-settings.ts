/**
 * Settings of the Kafka clients of one task. As Worker of Kafka Connect 4.1.1 makes them; precedence from low to high: what Connect sets itself, the
 * worker's prefix, the connector's override.
 */
import { isTopLevelClientKey } from './top-level-client-keys.ts';
import { withPrefix } from './with-prefix.ts';

type Raw = Readonly<Record<string, string>>;

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
  const topLevel = Object.fromEntries(Object.entries(worker).filter(([key]) => isTopLevelClientKey(key)));
  return trimmed({
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
  });
}

/** By client and setting, the key under which it is written: with the worker's prefix, or as a connector's override. */
export function writtenClientKeys(worker: Raw, connector: Raw): TaskClientSettings {
  const of = (client: 'producer' | 'consumer' | 'admin'): Raw => {
    const [own, override] = [`${client}.`, `${client}.override.`];
    const keys = (raw: Raw, prefix: string) =>
      Object.keys(withPrefix(raw, prefix)).map((key) => [key, prefix + key] as const);
    return Object.fromEntries([...keys(worker, own), ...keys(connector, override)]);
  };
  return { producer: of('producer'), consumer: of('consumer'), admin: of('admin') };
}

/** As Kafka's definitions read every value: of a .properties file blanks at the end of a line are left. */
function trimmed(settings: TaskClientSettings): TaskClientSettings {
  const each = (of: Raw): Raw => Object.fromEntries(Object.entries(of).map(([key, value]) => [key, value.trim()]));
  return { producer: each(settings.producer), consumer: each(settings.consumer), admin: each(settings.admin) };
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
  const clientId = connector['admin.override.client.id']?.trim() ?? `connector-worker-adminclient-${name}`;
  return {
    groupId: consumer['group.id'] ?? `connect-${name}`,
    adminSettings: { ...admin, 'client.id': clientId },
  };
}
