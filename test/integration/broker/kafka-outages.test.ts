import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Broker, FetchedRecord, Fetcher, SendResult } from '../../../src/broker/ports.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { FaultProxy } from '../../../src/testing/fault-proxy.ts';
import { errorAnswer, ScriptedRegistry } from '../../../src/testing/index.ts';
import { AvroBench, range, sequenceSchema } from '../../support/avro-pipelines.ts';
import { RecordingListener } from '../../support/broker-port-suite.ts';
import { describeWithJava } from '../../support/describe-with-kafka.ts';
import { type Kafka, startKafka } from '../../support/kafka.ts';
import { freePort } from '../../support/ports.ts';
import { uniqueName } from '../../support/unique-name.ts';
import { AvailabilityLog, newTopic, numbers, openBroker, readAll, textsOf, values } from './kafka-tools.ts';

const PRODUCE = 0;
const quick = { 'heartbeat.interval.ms': '300', 'session.timeout.ms': '3000' };
/** Longer than a session, and than back-offs take to grow to their maximum of 1 s; test/chaos has the long ones. */
const OUTAGE_MS = 7_000;

describeWithJava('a Kafka that fails', () => {
  let kafka: Kafka;
  let proxy: FaultProxy;
  let broker: Broker;

  beforeAll(async () => {
    const proxyPort = await freePort();
    kafka = await startKafka({
      listeners: [{ kind: 'plaintext', advertisedPort: proxyPort }],
      properties: { 'group.min.session.timeout.ms': '1000' },
    });
    proxy = await new FaultProxy({ target: { host: '127.0.0.1', port: kafka.port }, port: proxyPort }).start();
    broker = openBroker(proxy.address);
  }, 120_000);

  afterAll(async () => {
    await broker?.close();
    await proxy?.stop();
    await kafka?.remove();
  });

  it('gets every record once and in order when answers to produce requests are lost', async () => {
    const topic = await newTopic(broker);
    const producer = broker.producer({ settings: { 'batch.size': '2000' }, logger: silentLogger });
    await producer.send(values(topic, ['begin']));
    const lostBefore = proxy.lostAnswers;
    const sends: Promise<SendResult>[] = [];
    for (let round = 0; round < 15; round++) {
      // Every third round one answer is lost, while several requests are in flight.
      if (round % 3 === 0) {
        const lost = proxy.lostAnswers;
        await proxy.setMode({ kind: 'lose-answers', when: (request) => request.length > 6 && request[5] === PRODUCE });
        for (let n = 0; n < 5; n++)
          sends.push(producer.send(values(topic, numbers(round * 50 + n * 10, round * 50 + n * 10 + 10))));
        while (proxy.lostAnswers === lost) await new Promise((resolve) => setTimeout(resolve, 5));
        await proxy.setMode({ kind: 'pass' });
      } else {
        for (let n = 0; n < 5; n++)
          sends.push(producer.send(values(topic, numbers(round * 50 + n * 10, round * 50 + n * 10 + 10))));
      }
    }
    const results = await Promise.all(sends);
    expect(proxy.lostAnswers - lostBefore).toBeGreaterThanOrEqual(5);
    expect(textsOf(await readAll(broker, topic))).toEqual(['begin', ...numbers(0, 750)]);
    // Each record was told the offset at which it really is, whichever attempt was answered.
    expect(results.flatMap(({ offsets }) => [...offsets])).toEqual(numbers(1, 751).map(Number));
    await producer.close();
  }, 60_000);

  it('loses and duplicates nothing when it is killed amid producing and reading, nor a member whose session goes on', async () => {
    const topic = await newTopic(broker);
    const listener = new RecordingListener();
    const member = broker.groupMember({
      settings: { 'heartbeat.interval.ms': '300', 'session.timeout.ms': '45000' },
      logger: silentLogger,
      groupId: uniqueName('group'),
      subscription: { topics: [topic] },
      listener,
    });
    member.start();
    await listener.until(() => listener.held.length === 1);
    const availability = new AvailabilityLog();
    const producer = broker.producer({ settings: {}, logger: silentLogger, onAvailability: availability.listener });
    const fetcher = broker.fetcher({ settings: {}, logger: silentLogger });
    fetcher.add([{ topic, partition: 0, offset: 'earliest' }]);
    const read: FetchedRecord[] = [];
    const total = 60_000;
    const reading = pollInto(fetcher, read, total);
    let sent = 0;
    const sendOn = async (until: number): Promise<void> => {
      const inFlight: Promise<SendResult>[] = [];
      while (sent < until) {
        inFlight.push(producer.send(values(topic, numbers(sent, sent + 100))));
        sent += 100;
        if (inFlight.length >= 5) await inFlight.shift();
      }
      await Promise.all(inFlight);
    };
    await sendOn(20_000);
    const rest = sendOn(total);
    await kafka.kill('SIGKILL');
    expect((await availability.until(false)).reason).toContain("can't be reached");
    const commit = member.commit([{ topic, partition: 0, offset: 7 }]);
    await kafka.restart();
    await rest;
    await reading;
    await commit;
    expect(await member.committed([{ topic, partition: 0 }])).toEqual([7]);
    expect(listener.calls.map(({ call }) => call)).toEqual(['assigned']);
    await member.close();
    expect(textsOf(read)).toEqual(numbers(0, total));
    // Once per change of state.
    expect(availability.changes.map(({ available }) => available)).toEqual([false, true]);
    await producer.close();
    await fetcher.close();
  }, 120_000);

  it('is back for producer, fetcher and member within seconds of an outage that outlasts the session', async () => {
    const topic = await newTopic(broker);
    const groupId = uniqueName('group');
    const listener = new RecordingListener();
    const member = broker.groupMember({
      settings: quick,
      logger: silentLogger,
      groupId,
      subscription: { topics: [topic] },
      listener,
    });
    member.start();
    await listener.until(() => listener.held.length === 1);
    const producer = broker.producer({ settings: {}, logger: silentLogger });
    const fetcher = broker.fetcher({ settings: {}, logger: silentLogger });
    fetcher.add([{ topic, partition: 0, offset: 'earliest' }]);
    await producer.send(values(topic, ['before']));
    const read: FetchedRecord[] = [];
    await pollInto(fetcher, read, 1);

    await proxy.setMode({ kind: 'refuse' });
    const sending = producer.send(values(topic, ['during']));
    const reading = pollInto(fetcher, read, 2);
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
    await proxy.setMode({ kind: 'pass' });
    const open = performance.now();
    await sending;
    const producedMs = performance.now() - open;
    await reading;
    const readMs = performance.now() - open;
    // The session timeout ran out meanwhile: the group went on without the member, which joins anew.
    await listener.until(() => listener.calls.at(-1)?.call === 'assigned' && listener.calls.length > 1);
    const joinedMs = performance.now() - open;
    await member.commit([{ topic, partition: 0, offset: 2 }]);
    const committedMs = performance.now() - open;
    expect(listener.calls.map(({ call }) => call)).toEqual(['assigned', 'lost', 'assigned']);
    // Soon after it is back: a back-off that grew through the outage would take half a minute.
    for (const ms of [producedMs, readMs, joinedMs, committedMs]) expect(ms).toBeLessThan(10_000);
    await member.close();
    await producer.close();
    await fetcher.close();
  }, 120_000);

  it('is waited for when it is away at the start, and a commit gives up when its signal says so', async () => {
    await proxy.setMode({ kind: 'refuse' });
    const availability = new AvailabilityLog();
    const client = { settings: {}, logger: silentLogger, onAvailability: availability.listener };
    const admin = broker.admin(client);
    const topics = admin.listTopics();
    await availability.until(false);
    await proxy.setMode({ kind: 'pass' });
    expect(await topics).toBeInstanceOf(Array);
    await availability.until(true);
    expect(availability.changes.map(({ available }) => available)).toEqual([false, true]);

    const topic = await newTopic(broker);
    const listener = new RecordingListener();
    const member = broker.groupMember({
      ...client,
      settings: quick,
      groupId: uniqueName('group'),
      subscription: { topics: [topic] },
      listener,
    });
    member.start();
    await listener.until(() => listener.held.length === 1);
    await proxy.setMode({ kind: 'refuse' });
    await expect(member.commit([{ topic, partition: 0, offset: 1 }], AbortSignal.timeout(500))).rejects.toMatchObject({
      code: 'holdfast.broker.unavailable',
    });
    const closing = performance.now();
    await member.close(AbortSignal.timeout(1_000));
    // And not as long as a request may take.
    expect(performance.now() - closing).toBeLessThan(10_000);
    await proxy.setMode({ kind: 'pass' });
    await admin.close();
  }, 60_000);

  it('gives back what it has not begun to send, and appends nothing of that, when it is recalled during an outage', async () => {
    const topic = await newTopic(broker);
    const availability = new AvailabilityLog();
    const producer = broker.producer({ settings: {}, logger: silentLogger, onAvailability: availability.listener });
    await producer.send(values(topic, ['a']));
    await proxy.setMode({ kind: 'refuse' });
    const before = producer.send(values(topic, ['before the outage was noticed']));
    await availability.until(false);
    const waiting = [producer.send(values(topic, ['old b'])), producer.send(values(topic, ['old c']))];
    producer.recall?.();
    for (const outcome of await Promise.allSettled(waiting)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'holdfast.broker.producer.recalled' } });
    }
    const again = [producer.send(values(topic, ['new b'])), producer.send(values(topic, ['new c']))];
    await proxy.setMode({ kind: 'pass' });
    await Promise.all(again);
    const [first] = await Promise.allSettled([before]);
    const texts = textsOf(await readAll(broker, topic));
    expect(texts).toEqual(
      first?.status === 'fulfilled'
        ? ['a', 'before the outage was noticed', 'new b', 'new c']
        : ['a', 'new b', 'new c'],
    );
    await producer.close();
  }, 60_000);

  it('invariant 5: gets no record from a thread that holds it, whose id became suspect meanwhile, until the id was read back', async () => {
    const registry = await ScriptedRegistry.start({ vendor: 'karapace', nodes: 2, primary: 0 });
    const bench = await AvroBench.start({
      registryUrls: registry.urls,
      bootstrapServers: proxy.address,
      isolation: 'own',
    });
    const [topic, name] = [uniqueName('held'), uniqueName('held')];
    try {
      bench.feed(name, range(0, 5));
      await bench.source(name, topic, sequenceSchema('Held'));
      await bench.connect.waitFor('the first records', async () => (await bench.topicLength(topic)) === 5, 30_000);
      const [{ id = 0 } = {}] = registry.acknowledged();
      await proxy.setMode({ kind: 'refuse' });
      bench.feed(name, range(5, 10));
      expect((await bench.parked(name)).dependency).toMatch(/broker/);
      const denied = registry.script({ path: new RegExp(`/schemas/ids/${id}\\b`), fault: errorAnswer(500, 50001) });
      const asked = (): number => registry.requests.list().filter(({ path }) => path.includes(`/ids/${id}`)).length;
      const before = asked();
      await registry.setPrimary(1);
      await bench.connect.waitFor('the first read of the suspect id', async () => asked() > before);
      await proxy.setMode({ kind: 'pass' });
      await bench.connect.waitFor('the wait for the registry alone', async () =>
        (await bench.parked(name)).code.startsWith('holdfast.registry.'),
      );
      expect(await bench.topicLength(topic)).toBe(5);
      denied.remove();
      await bench.connect.waitFor('all of them', async () => (await bench.topicLength(topic)) >= 10, 30_000);
      const values = (await bench.topic(topic)).flat().map(({ value }) => Buffer.from(value ?? []).readInt32BE(1));
      expect(values).toEqual(range(0, 10).map(() => id));
    } finally {
      await proxy.setMode({ kind: 'pass' });
      await bench.stop();
      await registry.stop();
    }
  }, 90_000);

  it('makes a send fail only at delivery.timeout.ms, and takes the next one in order', async () => {
    const topic = await newTopic(broker);
    const producer = broker.producer({ settings: { 'delivery.timeout.ms': '5000' }, logger: silentLogger });
    await producer.send(values(topic, ['a']));
    await proxy.setMode({ kind: 'refuse' });
    await expect(producer.send(values(topic, ['b']))).rejects.toMatchObject({
      code: 'holdfast.broker.delivery.timeout',
    });
    await proxy.setMode({ kind: 'pass' });
    await producer.send(values(topic, ['c']));
    expect(textsOf(await readAll(broker, topic))).toEqual(['a', 'c']);
    await producer.close();
  }, 60_000);

  it('is waited for while it hangs, by request.timeout.ms', async () => {
    const topic = await newTopic(broker);
    const producer = broker.producer({ settings: { 'request.timeout.ms': '500' }, logger: silentLogger });
    await producer.send(values(topic, ['a']));
    await proxy.setMode({ kind: 'hang' });
    const sends = [producer.send(values(topic, ['b'])), producer.send(values(topic, ['c']))];
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await proxy.setMode({ kind: 'pass' });
    await Promise.all(sends);
    // What hung arrives late, beside what was sent again.
    expect(textsOf(await readAll(broker, topic))).toEqual(['a', 'b', 'c']);
    await producer.close();
  }, 60_000);
});

async function pollInto(fetcher: Fetcher, records: FetchedRecord[], count: number): Promise<void> {
  while (records.length < count) {
    for (const batch of await fetcher.poll({ maxRecords: 1_000, timeoutMs: 1_000 })) records.push(...batch.records);
  }
}
