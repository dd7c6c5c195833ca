import { afterEach, describe, expect, it } from 'vitest';
import type { Admin, Broker, NewTopic } from '../../../src/broker/ports.ts';
import { recordingLogger, silentLogger } from '../../../src/foundation/logger.ts';
import { ConfigError } from '../../../src/sdk/errors/index.ts';
import { TopicCompactedLog, type TopicCompactedLogOptions } from '../../../src/storage/topic-compacted-log.ts';
import { client, openOn, type SimulatedBroker, value } from '../broker/embedded/broker-on-simulated-disk.ts';

const TOPIC = 'schemas';
const open: SimulatedBroker[] = [];

async function broker(): Promise<SimulatedBroker> {
  const opened = await openOn();
  open.push(opened);
  return opened;
}

afterEach(async () => {
  for (const { broker } of open.splice(0)) await broker.close();
});

function logOn(on: SimulatedBroker, more: Partial<TopicCompactedLogOptions> = {}): TopicCompactedLog {
  return new TopicCompactedLog({
    broker: on.broker,
    topic: TOPIC,
    replicationFactor: -1,
    setting: 'schema.store.topic',
    settings: { admin: {}, producer: {}, consumer: {} },
    clock: on.clock,
    logger: silentLogger,
    ...more,
  });
}

/** The broker with another admin. */
function withAdmin(on: SimulatedBroker, change: (admin: Admin) => Partial<Admin>): Broker {
  return {
    kind: 'embedded',
    producer: (options) => on.broker.producer(options),
    fetcher: (options) => on.broker.fetcher(options),
    logReader: (options) => on.broker.logReader(options),
    groupMember: (options) => on.broker.groupMember(options),
    protocolMember: (options) => on.broker.protocolMember(options),
    close: () => on.broker.close(),
    admin: (options) => {
      const admin = on.broker.admin(options);
      return new Proxy(admin, {
        get: (target, key) => {
          const own = change(admin)[key as keyof Admin] ?? target[key as keyof Admin];
          return typeof own === 'function' ? own.bind(target) : own;
        },
      });
    },
  };
}

describe('TopicCompactedLog', () => {
  it('gives back what was appended, the last value of each key, in order of writing', async () => {
    const on = await broker();
    const log = logOn(on);
    expect(await log.load()).toEqual([]);
    await log.append([
      { key: 'a', value: '1' },
      { key: 'ключ', value: 'значение "ü"' },
      { key: 'c', value: '' },
    ]);
    await log.append([
      { key: 'a', value: '2' },
      { key: 'c', value: null },
    ]);
    await log.close();
    expect(await logOn(on).load()).toEqual([
      { key: 'ключ', value: 'значение "ü"' },
      { key: 'a', value: '2' },
    ]);
  });

  it('creates its topic with one partition, compacted, with the replicas that are asked for', async () => {
    const on = await broker();
    const created: NewTopic[] = [];
    const spied = withAdmin(on, (admin) => ({
      createTopics: (topics, signal) => {
        created.push(...topics);
        return admin.createTopics(
          topics.map((topic) => ({ ...topic, replicationFactor: -1 })),
          signal,
        );
      },
    }));
    await logOn(on, { broker: spied, replicationFactor: 3 }).load();
    await logOn(on, { broker: spied }).load();
    expect(created).toMatchObject([
      { name: TOPIC, partitions: 1, replicationFactor: 3, configs: { 'cleanup.policy': 'compact' } },
    ]);
  });

  it.each([
    ['several partitions', 2, { 'cleanup.policy': 'compact' }, /has 2 partitions and must have one/],
    ['cleanup.policy=delete', 1, { 'cleanup.policy': 'delete' }, /but has cleanup\.policy=delete/],
    ['both policies', 1, { 'cleanup.policy': 'compact,delete' }, /but has cleanup\.policy=compact,delete/],
  ])('refuses a topic with %s', async (_what, partitions, configs, said) => {
    const on = await broker();
    await on.broker.admin(client).createTopics([{ name: TOPIC, partitions, replicationFactor: 1, configs }]);
    const loading = logOn(on).load();
    await expect(loading).rejects.toThrow(said);
    await expect(loading).rejects.toMatchObject({ name: 'ConfigError', code: 'holdfast.storage.topic.unfit' });
  });

  it('says how to create a topic that it may not create', async () => {
    const on = await broker();
    const denied = withAdmin(on, () => ({ createTopics: () => Promise.reject(new ConfigError('not authorized')) }));
    await expect(logOn(on, { broker: denied }).load()).rejects.toThrow(
      "Topic 'schemas', named by schema.store.topic, can't be used: it does not exist and can't be created: not authorized. Create it with one partition",
    );
  });

  it('takes a topic at its word when it may not look at its settings, and says so', async () => {
    const on = await broker();
    await logOn(on).load();
    const denied = withAdmin(on, () => ({
      describeTopicConfigs: () =>
        Promise.reject(new ConfigError('not authorized', { code: 'holdfast.broker.authorization' })),
    }));
    const { logger, lines } = recordingLogger();
    expect(await logOn(on, { broker: denied, logger }).load()).toEqual([]);
    expect(lines.map(({ message }) => message)).toEqual([expect.stringContaining('check yourself')]);
  });

  it('tells of what others append, and not of its own', async () => {
    const on = await broker();
    const [mine, other] = [logOn(on), logOn(on)];
    await mine.load();
    await other.load();
    const heard: unknown[] = [];
    const told = new Promise<void>((resolve) => {
      mine.follow((entries) => {
        heard.push(...entries);
        if (heard.length === 2) resolve();
      });
    });
    await mine.append([{ key: 'a', value: 'mine' }]);
    await other.append([{ key: 'b', value: 'theirs' }]);
    await mine.append([{ key: 'b', value: 'mine' }]);
    await other.append([{ key: 'b', value: null }]);
    await told;
    expect(heard).toEqual([
      { key: 'b', value: 'theirs' },
      { key: 'b', value: null },
    ]);
    await mine.close();
    await other.close();
    expect(await logOn(on).load()).toEqual([{ key: 'a', value: 'mine' }]);
  });

  it('leaves out what the broker never takes, says so, and keeps the rest', async () => {
    const on = await broker();
    const { logger, lines } = recordingLogger();
    const log = logOn(on, { logger });
    await log.load();
    await log.append([
      { key: 'a', value: '1' },
      { key: 'large', value: 'x'.repeat(2_000_000) },
      { key: 'b', value: '2' },
    ]);
    expect(lines.map(({ level, fields }) => [level, fields['entries']])).toEqual([
      ['info', undefined],
      ['warn', 1],
    ]);
    await log.close();
    expect((await logOn(on).load()).map(({ key }) => key)).toEqual(['a', 'b']);
  });

  it('leaves aside records that no store wrote', async () => {
    const on = await broker();
    const log = logOn(on);
    await log.load();
    await on.broker.producer(client).send([{ ...value(TOPIC, 'v', 'k') }]);
    await log.close();
    expect(await logOn(on).load()).toEqual([{ key: 'k', value: 'v' }]);
  });

  it('ends a load that waits for its broker when it is closed', async () => {
    const on = await broker();
    const away = withAdmin(on, () => ({
      describeTopics: (_names, signal) =>
        new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    }));
    const log = logOn(on, { broker: away });
    const loading = log.load();
    loading.catch(() => {});
    await log.close();
    await expect(loading).rejects.toMatchObject({ name: 'AbortError' });
    await expect(log.append([{ key: 'a', value: '1' }])).rejects.toMatchObject({ code: 'holdfast.storage.log.closed' });
  });

  it('makes a new producer when one was refused for good', async () => {
    const on = await broker();
    let refused = 0;
    const refusing: Broker = {
      ...withAdmin(on, () => ({})),
      producer: (options) => {
        const producer = on.broker.producer(options);
        if (refused++ > 0) return producer;
        return { ...producer, send: () => Promise.reject(new ConfigError('no')), close: (ms) => producer.close(ms) };
      },
    };
    const log = logOn(on, { broker: refusing });
    await log.load();
    await expect(log.append([{ key: 'a', value: '1' }])).rejects.toThrow('no');
    await log.append([{ key: 'b', value: '2' }]);
    await log.close();
    expect(await logOn(on).load()).toEqual([{ key: 'b', value: '2' }]);
  });
});
