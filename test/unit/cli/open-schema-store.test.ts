import { afterEach, describe, expect, it } from 'vitest';
import type { Admin, AvailabilityListener, Broker } from '../../../src/broker/ports.ts';
import { openSchemaStore } from '../../../src/cli/open-schema-store.ts';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { parseWorkerConfig } from '../../../src/runtime/config/worker-config.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { client, openOn, type SimulatedBroker } from '../broker/embedded/broker-on-simulated-disk.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A broker whose admin answers nothing until `comes`, after it said that it is away (or said nothing). */
class LateBroker {
  readonly broker: Broker;
  readonly settings: Readonly<Record<string, string>>[] = [];
  private heard: AvailabilityListener = () => {};
  private readonly here: Promise<void>;
  private arrive: () => void = () => {};

  constructor(on: SimulatedBroker, options: { readonly says: boolean }) {
    this.here = new Promise((resolve) => {
      this.arrive = resolve;
    });
    const { here, settings } = this;
    this.broker = {
      kind: 'embedded',
      producer: (given) => on.broker.producer(given),
      fetcher: (given) => on.broker.fetcher(given),
      logReader: (given) => on.broker.logReader(given),
      groupMember: (given) => on.broker.groupMember(given),
      protocolMember: (given) => on.broker.protocolMember(given),
      close: () => on.broker.close(),
      admin: (given): Admin => {
        settings.push(given.settings);
        this.heard = given.onAvailability ?? (() => {});
        if (options.says) setImmediate(() => this.heard({ available: false, reason: 'refused', since: 0 }));
        const admin = on.broker.admin(given);
        return new Proxy(admin, {
          get: (target, key) => {
            if (key !== 'describeTopics') return Reflect.get(target, key).bind(target);
            return (names: readonly string[], signal: AbortSignal) =>
              new Promise((resolve, reject) => {
                signal.addEventListener('abort', () => reject(signal.reason));
                here.then(() => resolve(target.describeTopics(names)), reject);
              });
          },
        });
      },
    };
  }

  comes(): void {
    this.heard({ available: true, reason: '', since: 0 });
    this.arrive();
  }
}

async function setUp(settings: Readonly<Record<string, string>>, late?: { readonly says: boolean }) {
  const on = await openOn();
  cleanups.push(() => on.broker.close());
  const lateBroker = late === undefined ? undefined : new LateBroker(on, late);
  const { logger, lines } = recordingLogger();
  const opening = openSchemaStore({
    config: parseWorkerConfig({ 'key.converter': 'k', 'value.converter': 'v', ...settings }),
    defaultFolder: tempDir('store'),
    broker: lateBroker?.broker ?? on.broker,
    clock: on.clock,
    logger,
  });
  opening.then(
    ({ store }) => cleanups.push(() => store.close()),
    () => {},
  );
  return { on, opening, lateBroker, said: () => lines.map(({ level, message }) => `${level} ${message}`) };
}

describe('openSchemaStore', () => {
  it('keeps the store in the folder, unless it is told otherwise', async () => {
    const { opening, on } = await setUp({});
    const { store, isReady } = await opening;
    store.bind('http://a', 'c');
    await store.flushed();
    expect(isReady()).toBe(true);
    expect(await on.broker.admin(client).listTopics()).toEqual([]);
  });

  it('refuses two places at once', async () => {
    const { opening } = await setUp({ 'schema.store.dir': 'd', 'schema.store.topic': 't' });
    await expect(opening).rejects.toMatchObject({ name: 'ConfigError', code: 'holdfast.worker.config-invalid' });
  });

  it('has read the topic before it resolves when the broker is there', async () => {
    const { opening, on } = await setUp({ 'schema.store.topic': 't' });
    const { store, isReady } = await opening;
    expect(isReady()).toBe(true);
    store.bind('http://a', 'c');
    await store.flushed();
    expect(await on.broker.admin(client).listOffsets([{ topic: 't', partition: 0, at: 'latest' }])).toEqual([2]);
  });

  it('ends the start when the topic is unfit', async () => {
    const on = await openOn();
    cleanups.push(() => on.broker.close());
    await on.broker.admin(client).createTopics([{ name: 't', partitions: 3, replicationFactor: 1 }]);
    const opening = openSchemaStore({
      config: parseWorkerConfig({ 'key.converter': 'k', 'value.converter': 'v', 'schema.store.topic': 't' }),
      defaultFolder: '',
      broker: on.broker,
      clock: on.clock,
      logger: recordingLogger().logger,
    });
    await expect(opening).rejects.toMatchObject({ code: 'holdfast.storage.topic.unfit' });
  });

  it('does not wait for a broker that is away; the store fills when it is back', async () => {
    const { opening, lateBroker, on, said } = await setUp({ 'schema.store.topic': 't' }, { says: true });
    const { store, ready, isReady } = await opening;
    expect(said()).toEqual(['warn The broker is away; the schema store is read when it is back']);
    // What the store would know is waited for as long as the broker is away: nothing flows without it.
    await on.clock.advance(3_600_000);
    expect(isReady()).toBe(false);
    store.bind('http://a', 'c');
    lateBroker?.comes();
    await ready;
    expect(isReady()).toBe(true);
    await store.flushed();
    expect(await on.broker.admin(client).listOffsets([{ topic: 't', partition: 0, at: 'latest' }])).toEqual([2]);
  });

  it('waits for a broker that is there but slow no longer than schema.store.load.timeout.ms', async () => {
    const settings = { 'schema.store.topic': 't', 'schema.store.load.timeout.ms': '2000' };
    const { opening, on } = await setUp(settings, { says: false });
    let opened = false;
    opening.then(
      () => {
        opened = true;
      },
      () => {},
    );
    await on.clock.advance(1_900);
    expect(opened).toBe(false);
    await on.clock.advance(200);
    const { isReady } = await opening;
    expect(isReady()).toBe(true);
  });

  it('says that a topic is unfit when that shows only after the start, and keeps nothing', async () => {
    const { opening, lateBroker, on, said } = await setUp({ 'schema.store.topic': 't' }, { says: true });
    const { store, ready } = await opening;
    await on.broker.admin(client).createTopics([{ name: 't', partitions: 3, replicationFactor: 1 }]);
    lateBroker?.comes();
    await ready;
    store.bind('http://a', 'c');
    await turns();
    expect(said().at(-1)).toBe('error The schema store can not be read or written; nothing is kept over a restart');
  });

  it('is closed while its broker is away', async () => {
    const { opening, said } = await setUp({ 'schema.store.topic': 't' }, { says: true });
    const { store, ready } = await opening;
    await store.close();
    await ready;
    expect(said()).toHaveLength(1);
  });

  it('lets its clients in by the settings of the worker, and those of each client', async () => {
    const { opening, lateBroker } = await setUp(
      {
        'schema.store.topic': 't',
        'security.protocol': 'SASL_PLAINTEXT',
        'sasl.mechanism': 'PLAIN',
        'admin.sasl.mechanism': 'SCRAM-SHA-256',
        'admin.retries': '3',
        'client.id': 'me-',
      },
      { says: true },
    );
    await opening;
    expect(lateBroker?.settings[0]).toEqual({
      'bootstrap.servers': 'localhost:9092',
      'client.id': 'me-schema-store-admin',
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': 'SCRAM-SHA-256',
    });
  });
});
