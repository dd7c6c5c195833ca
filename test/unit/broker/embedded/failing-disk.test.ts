import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Availability } from '../../../../src/broker/ports.ts';
import { client, DIR, openOn, readAll, type SimulatedBroker, textOf, value } from './broker-on-simulated-disk.ts';
import { type FileSystemCall, ioError, SimulatedFileSystem } from './simulated-file-system.ts';

const isLog = (call: FileSystemCall, topic = 't'): boolean =>
  call.path.startsWith(join(DIR, 'topics', `${topic}-0`)) && call.path.endsWith('.log');

describe('the embedded broker on a disk that fails', () => {
  it('acknowledges nothing while the disk is full, says so once, and goes on in order when there is space', async () => {
    const { broker, disk, clock } = await openOn();
    const changes: Availability[] = [];
    const producer = broker.producer({ ...client, onAvailability: (availability) => changes.push(availability) });
    await producer.send([value('t', 'before')]);
    disk.fail = (call) => (call.kind === 'write' && isLog(call) ? ioError('ENOSPC', call) : null);
    let acknowledged = 0;
    const sends = ['a', 'b', 'c'].map(async (text) => {
      const { offsets } = await producer.send([value('t', text)]);
      acknowledged++;
      return offsets[0];
    });
    await clock.advance(30_000);
    expect(acknowledged).toBe(0);
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({ available: false });
    expect(changes[0]?.reason).toMatch(/no space is left on the disk \(ENOSPC\)/);
    expect((await readAll(broker, 't')).map(textOf)).toEqual(['before']);
    disk.fail = () => null;
    await clock.advance(5_000);
    expect(await Promise.all(sends)).toEqual([1, 2, 3]);
    expect(changes.map(({ available }) => available)).toEqual([false, true]);
    expect((await readAll(broker, 't')).map(textOf)).toEqual(['before', 'a', 'b', 'c']);
    await broker.close();
  });

  it('takes a failed sync for lost: what it had written is written anew, and survives a power loss', async () => {
    const { broker, disk, clock } = await openOn();
    const producer = broker.producer(client);
    await producer.send([value('t', 'acknowledged')]);
    let failures = 2;
    disk.fail = (call) => (call.kind === 'sync' && isLog(call) && failures-- > 0 ? ioError('EIO', call) : null);
    const send = producer.send([value('t', 'in doubt')]);
    await clock.advance(10_000);
    expect([...(await send).offsets]).toEqual([1]);
    const { broker: after } = await openOn(disk.afterPowerLoss(() => 0.9));
    expect((await readAll(after, 't')).map(textOf)).toEqual(['acknowledged', 'in doubt']);
  });

  it('leaves no trace of a batch that was never acknowledged', async () => {
    const { broker, disk, clock } = await openOn();
    const producer = broker.producer(client);
    await producer.send([value('t', 'acknowledged')]);
    const path = join(DIR, 'topics', 't-0', '00000000000000000000.log');
    const size = disk.contentOf(path).length;
    disk.fail = (call) => (call.kind === 'write' && isLog(call) ? ioError('ENOSPC', call) : null);
    const late = broker.producer({ ...client, settings: { 'delivery.timeout.ms': '1000' } });
    const send = late.send([value('t', 'x'.repeat(500))]);
    const rejected = expect(send).rejects.toMatchObject({ code: 'holdfast.broker.delivery.timeout' });
    await clock.advance(10_000);
    await rejected;
    disk.fail = () => null;
    await clock.advance(10_000);
    // Numbers of the withdrawn batch are skipped: the producer goes on.
    expect([...(await late.send([value('t', 'next')])).offsets]).toEqual([1]);
    expect((await readAll(broker, 't')).map(textOf)).toEqual(['acknowledged', 'next']);
    expect(disk.contentOf(path).length).toBeLessThan(size + 200);
    await broker.close();
  });

  it('makes a new segment anew whose name could not be made durable', async () => {
    const { broker, disk, clock } = await openOn();
    const admin = broker.admin(client);
    await admin.createTopics([{ name: 't', partitions: 1, replicationFactor: 1, configs: { 'segment.bytes': '100' } }]);
    const producer = broker.producer(client);
    await producer.send([value('t', 'one')]);
    let failures = 1;
    disk.fail = (call) =>
      call.kind === 'syncDirectory' && call.path.endsWith('t-0') && failures-- > 0 ? ioError('EIO', call) : null;
    const send = producer.send([value('t', 'two')]);
    await clock.advance(10_000);
    await send;
    const { broker: after } = await openOn(disk.afterPowerLoss(() => 0.9));
    expect((await readAll(after, 't')).map(textOf)).toEqual(['one', 'two']);
  });

  it('gives up a commit when its signal is aborted, with what is wrong', async () => {
    const { broker, disk, clock } = await openOn();
    const admin = broker.admin(client);
    await admin.createTopics([{ name: 't', partitions: 1, replicationFactor: 1 }]);
    disk.fail = (call) => (call.kind === 'write' && isLog(call, '__consumer_offsets') ? ioError('EIO', call) : null);
    const controller = new AbortController();
    const commit = admin.alterGroupOffsets('g', [{ topic: 't', partition: 0, offset: 1 }], controller.signal);
    const rejected = expect(commit).rejects.toMatchObject({ code: 'holdfast.broker.unavailable' });
    await clock.advance(5_000);
    controller.abort();
    await rejected;
    await expect(commit).rejects.toThrow(/EIO/);
    disk.fail = () => null;
    await clock.advance(5_000);
    expect(await admin.groupOffsets('g')).toEqual([]);
    await broker.close();
  });

  it('waits with a topic that the disk has no room for', async () => {
    const { broker, disk, clock } = await openOn();
    disk.fail = (call) => (call.kind === 'open' && call.path.includes('t-0') ? ioError('ENOSPC', call) : null);
    const producer = broker.producer(client);
    const sends = [producer.send([value('t', 'a')]), producer.send([value('t', 'b')])];
    await clock.advance(5_000);
    disk.fail = () => null;
    await clock.advance(5_000);
    expect((await Promise.all(sends)).map(({ offsets }) => offsets[0])).toEqual([0, 1]);
    await broker.close();
  });

  it('takes records of a topic that was deleted while another one waited for the disk', async () => {
    const { broker, disk, clock } = await openOn();
    disk.fail = (call) => (call.kind === 'open' && call.path.includes('second-0') ? ioError('ENOSPC', call) : null);
    const sent = broker.producer(client).send([value('t', 'a'), value('second', 'b')]);
    await clock.advance(5_000);
    await broker.admin(client).deleteTopics(['t']);
    disk.fail = () => null;
    await clock.advance(5_000);
    expect((await sent).rejected).toEqual([]);
    expect((await readAll(broker, 't')).map(textOf)).toEqual(['a']);
    expect((await readAll(broker, 'second')).map(textOf)).toEqual(['b']);
    await broker.close();
  });

  it('keeps no file open of attempts to create a topic, whichever call of them fails', async () => {
    const admin = (opened: SimulatedBroker) => opened.broker.admin(client);
    const topic = { name: 't', partitions: 3, replicationFactor: 1 };
    let failAt = 0;
    for (let isFailing = true; isFailing; failAt++) {
      const opened = await openOn();
      const { disk, broker } = opened;
      const before = disk.openFiles;
      let calls = 0;
      disk.fail = (call) => (call.kind !== 'readdir' && calls++ >= failAt ? ioError('ENOSPC', call) : null);
      const outcome = await admin(opened)
        .createTopics([topic])
        .catch((error: Error) => error);
      isFailing = outcome instanceof Error;
      expect(disk.openFiles, `call ${failAt}`).toBe(before + (isFailing ? 0 : 3));
      disk.fail = () => null;
      if (isFailing) await admin(opened).createTopics([topic]);
      await broker.close();
      expect(disk.openFiles).toBe(0);
    }
    expect(failAt).toBeGreaterThan(15);
  });

  it('reads on when the disk does, after a failed read', async () => {
    const { broker, disk, clock } = await openOn();
    await broker.producer(client).send([value('t', 'v')]);
    let failures = 1;
    disk.fail = (call) => (call.kind === 'read' && isLog(call) && failures-- > 0 ? ioError('EIO', call) : null);
    const fetcher = broker.fetcher(client);
    fetcher.add([{ topic: 't', partition: 0, offset: 'earliest' }]);
    const poll = fetcher.poll({ maxRecords: 10, timeoutMs: 20_000 });
    await clock.advance(2_000);
    expect((await poll).flatMap(({ records }) => records.map(textOf))).toEqual(['v']);
    await broker.close();
  });

  it('refuses to open when the disk does not answer, as an environment failure', async () => {
    const disk = new SimulatedFileSystem();
    disk.fail = (call) => (call.kind === 'sync' ? ioError('EIO', call) : null);
    await expect(openOn(disk)).rejects.toMatchObject({ name: 'EnvironmentError', code: 'holdfast.broker.unavailable' });
  });
});
