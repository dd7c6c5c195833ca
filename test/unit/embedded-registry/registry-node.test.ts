import { afterEach, describe, expect, it } from 'vitest';
import { AssignedElection } from '../../../src/embedded-registry/primary-election.ts';
import { RegistryCluster } from '../../../src/embedded-registry/registry-cluster.ts';
import { encodeRecord, type RecordBytes } from '../../../src/embedded-registry/registry-record.ts';
import { MemorySchemasLog } from '../../../src/embedded-registry/schemas-log.ts';
import {
  type RegistryTimings,
  type RegistryVendor,
  vendorProfiles,
  vendorTimings,
} from '../../../src/embedded-registry/vendor-profile.ts';
import { Deferred } from '../../../src/foundation/deferred.ts';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';

/** A log whose appends can be held back, or refused. */
class TroubledLog extends MemorySchemasLog {
  held: Deferred | undefined;
  failure: Error | undefined;

  override async append(records: readonly RecordBytes[]): Promise<number> {
    if (this.failure !== undefined) throw this.failure;
    await this.held?.promise;
    return super.append(records);
  }
}

/** An election that this node has heard nothing of for as long as a session, as after a SIGSTOP. */
class SilentElection extends AssignedElection {
  isSilent = false;

  override get primary(): string | null {
    return this.isSilent ? null : super.primary;
  }
}

let cluster: RegistryCluster;
afterEach(() => cluster.close());

async function start(vendor: RegistryVendor, timings: Partial<RegistryTimings> = {}) {
  const clock = new ManualClock();
  const log = new TroubledLog();
  const election = new SilentElection(null);
  const { logger, lines } = recordingLogger();
  cluster = await RegistryCluster.open(
    {
      host: '127.0.0.1',
      ports: [18_081, 18_082],
      listen: false,
      core: { vendor, kafkaClusterId: 'k' },
      profile: vendorProfiles[vendor],
      log,
      clock,
      logger,
      timings: { ...vendorTimings[vendor], primaryWaitMs: 0, ...timings },
      election: () => election,
    },
    new AbortController().signal,
  );
  const elect = async (index: number | null) => {
    election.assign(index === null ? null : cluster.node(index).url);
    if (index !== null && (timings.primaryWaitMs ?? 0) === 0) await cluster.node(index).becomingWritable;
  };
  await elect(0);
  return { clock, log, elect, election, lines };
}

const read = async (node: number, path: string) => show(await request(node, 'GET', path));
const register = async (node: number, schema: string, subject = `s${schema}`) =>
  show(await request(node, 'POST', `/subjects/${encodeURIComponent(subject)}/versions`, JSON.stringify({ schema })));

function request(node: number, method: string, path: string, body?: string) {
  const asked = { method, path, ...(body === undefined ? {} : { body }) };
  return cluster.serve(node, asked, new AbortController().signal);
}

function show(reply: Awaited<ReturnType<typeof request>>): string {
  if (reply.kind === 'cut') return 'cut';
  const { status, body } = reply.answer;
  const { error_code, id } = body as { error_code?: number; id?: number };
  return `${status} ${error_code ?? id ?? JSON.stringify(body)}`;
}

describe('a node', () => {
  it('50001: the topic refuses; what was not written has no id', async () => {
    const { log, lines } = await start('confluent');
    log.failure = new Error('not leader or follower');
    expect(await register(0, '"int"')).toBe('500 50001');
    expect(lines).toContainEqual(expect.objectContaining({ level: 'error' }));
    log.failure = undefined;
    expect(await register(0, '"long"')).toBe('200 1');
  });

  it.each([
    ['confluent', '500 50002'],
    ['karapace', '500 500'],
  ] as const)(
    '%s: a write that is not acknowledged in time is %s, and its id is not given to another',
    async (vendor, expected) => {
      const { clock, log } = await start(vendor);
      log.held = new Deferred();
      const ambiguous = register(0, '"int"');
      await clock.advance(vendorTimings[vendor].storeTimeoutMs);
      expect(await ambiguous).toBe(expected);
      const next = register(0, '"long"');
      await clock.advance(1_000);
      log.held.resolve();
      expect(await next, 'decided after the earlier one landed').toBe('200 2');
      expect(await register(0, '"int"')).toBe('200 1');
      expect(log.records.filter(({ value }) => value !== null)).toHaveLength(2);
    },
  );

  it('decides writes one after the other: no id twice, however many come at once', async () => {
    await start('confluent');
    const schemas = Array.from({ length: 40 }, (_, i) => `{"type":"fixed","name":"F${i}","size":1}`);
    const ids = await Promise.all(schemas.map((schema, i) => register(i % 2, schema, `s${i}`)));
    expect(new Set(ids).size).toBe(40);
    expect(await Promise.all(schemas.map((schema, i) => register(0, schema, `s${i}`)))).toEqual(ids);
  });

  it('a new primary of Karapace answers 50003 until its wait is over, one of Confluent makes writers wait', async () => {
    const { clock, elect } = await start('karapace', { primaryWaitMs: 5_000 });
    await clock.advance(5_000);
    await elect(1);
    await clock.advance(4_900);
    expect([await register(1, '"int"'), await register(0, '"int"')]).toEqual(['500 50003', '500 50003']);
    await clock.advance(200);
    expect(await register(0, '"int"')).toBe('200 1');
  });

  it('a primary that is behind does not decide before it has caught up', async () => {
    const { clock, log, elect } = await start('confluent');
    expect(await register(0, '"int"')).toBe('200 1');
    cluster.node(1).lag.set(300);
    expect(await register(0, '"long"')).toBe('200 2');
    const elected = elect(1);
    const written = register(1, '"string"');
    await clock.advance(299);
    expect(log.records.filter(({ value }) => value !== null)).toHaveLength(2);
    await clock.advance(1_000);
    await elected;
    expect(await written).toBe('200 3');
  });

  it('one that is replaced while it still reads gives out no id', async () => {
    const { clock, log, elect } = await start('confluent');
    cluster.node(1).lag.hold();
    const elected = elect(1);
    const held = register(1, '"int"');
    await clock.advance(1_000);
    await elect(0);
    expect(await register(0, '"long"')).toBe('200 1');
    cluster.node(1).lag.release();
    await clock.advance(1_000);
    await elected;
    expect(await held).toBe('500 50004');
    expect(log.records.filter(({ value }) => value !== null)).toHaveLength(1);
  });

  it('one that has lost touch with the group while it still reads gives out no id', async () => {
    const { clock, log, elect, election } = await start('confluent');
    cluster.node(1).lag.hold();
    const elected = elect(1);
    const held = register(1, '"int"');
    await clock.advance(1_000);
    election.isSilent = true;
    cluster.node(1).lag.release();
    await clock.advance(1_000);
    await elected;
    expect(await held).toBe('500 50004');
    expect(log.records.filter(({ value }) => value !== null)).toEqual([]);
  });

  it('a hung primary holds what is forwarded for 60 s, then 50003', async () => {
    const { clock } = await start('confluent');
    cluster.freezeNode(0);
    const forwarded = register(1, '"int"');
    let answer = '';
    void forwarded.then((value) => {
      answer = value;
    });
    await clock.advance(59_999);
    expect(answer).toBe('');
    await clock.advance(1);
    expect(await forwarded).toBe('500 50003');
  });

  it('a primary that dies while it decides: 50003 from Confluent, plain text from Karapace', async () => {
    for (const [vendor, expected] of [
      ['confluent', '500 50003'],
      ['karapace', '500 "Internal Server Error"'],
    ] as const) {
      const { clock, log } = await start(vendor);
      log.held = new Deferred();
      const forwarded = register(1, '"int"');
      await clock.advance(10);
      await cluster.stopNode(0, { isGraceful: false });
      expect(await forwarded).toBe(expected);
      if (vendor === 'confluent') await cluster.close();
    }
  });

  it('one that is forwarded to and is not the primary does not pass it on', async () => {
    const { elect } = await start('confluent');
    await elect(null);
    expect([await register(0, '"int"'), await register(1, '"int"')]).toEqual(['500 50004', '500 50004']);
  });

  it('of Confluent puts back what a record with a used id overwrote', async () => {
    const { log, clock, lines } = await start('confluent');
    await register(0, '"int"', 'a');
    const value = {
      subject: 'b',
      version: 1,
      id: 1,
      schemaType: 'AVRO',
      references: [],
      schema: '"long"',
      deleted: false,
    } as const;
    await log.append([encodeRecord({ keytype: 'SCHEMA', subject: 'b', version: 1, value })]);
    await clock.advance(1);
    expect(await read(1, '/schemas/ids/1/schema')).toBe('200 "int"');
    expect(log.records.at(-1)?.value).toBeNull();
    expect(lines.filter(({ message }) => message.includes('duplicate ID'))).toHaveLength(2);
  });

  it('passes over records that it can not read, and says which', async () => {
    const { log, clock, lines } = await start('confluent');
    await log.append([{ key: new TextEncoder().encode('garbage'), value: null }]);
    await clock.advance(1);
    expect(await register(1, '"int"')).toBe('200 1');
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        fields: expect.objectContaining({ offset: 1, reason: expect.any(String) }),
      }),
    );
  });
});
