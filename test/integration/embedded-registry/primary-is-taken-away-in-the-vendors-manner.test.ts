import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEmbeddedBroker } from '../../../src/broker/embedded/embedded-broker.ts';
import type { Broker } from '../../../src/broker/ports.ts';
import { createEmbeddedRegistry, type EmbeddedRegistry } from '../../../src/embedded-registry/embedded-registry.ts';
import type { RegistryTimings, RegistryVendor } from '../../../src/embedded-registry/vendor-profile.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { freePorts } from '../../support/ports.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { RegistryHttp } from './registry-http.ts';

let broker: Broker;
let registry: EmbeddedRegistry;
let serial = 0;

beforeEach(async () => {
  broker = await createEmbeddedBroker({ dir: tempDir('registry'), clock: systemClock, logger: silentLogger });
});
afterEach(async () => {
  await registry.stop();
  await broker.close();
});

/** The two nodes, the primary (of the lower URL) first. */
async function open(vendor: RegistryVendor, timings: Partial<RegistryTimings> = {}) {
  const ports = (await freePorts(2)).sort();
  registry = await createEmbeddedRegistry({
    broker,
    nodes: 2,
    host: '127.0.0.1',
    ports,
    clock: systemClock,
    logger: silentLogger,
    vendor,
    // Each is long enough for a busy machine to ask a few times before it is over.
    timings: { sessionTimeoutMs: 1_500, rebalanceMs: 600, replayMs: 600, ...timings },
  });
  const [one, two] = registry.nodes.map(({ url }) => new RegistryHttp(url));
  return { one: one!, two: two! };
}

const fresh = () => ({ schema: JSON.stringify({ type: 'record', name: `R${serial++}`, fields: [] }) });
const known = { schema: '{"type":"record","name":"Known","fields":[]}' };

/** Answers at the node until it takes a new schema, each kind once, in order. */
async function untilWritten(node: RegistryHttp): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (;;) {
    const { status, body } = await node.post('/subjects/new/versions?x', fresh());
    const kind = status === 200 ? 200 : `${status} ${body?.error_code ?? body}`;
    if (seen.at(-1) !== kind) seen.push(kind);
    if (status === 200) return seen;
    await systemClock.sleep(5);
  }
}

async function withCompatibilityOff(node: RegistryHttp) {
  await node.put('/config', { compatibility: 'NONE' });
  await node.post('/subjects/s/versions', known);
}

describe('Confluent', () => {
  it('a replica forwards writes, and every node answers what was written', async () => {
    const { one, two } = await open('confluent');
    expect((await two.post('/subjects/s/versions', known)).body).toEqual({ id: 1 });
    expect((await one.get('/schemas/ids/1')).status).toBe(200);
    await expect.poll(async () => (await two.get('/schemas/ids/1')).status).toBe(200);
    expect(await two.get('/v1/metadata/id')).toEqual(await one.get('/v1/metadata/id'));
    expect(registry.primary()?.url).toBe(one.url);
  });

  it('while the primary is away, known schemas are answered and new ones refused, until it is back', async () => {
    const { one, two } = await open('confluent');
    await withCompatibilityOff(one);
    await expect.poll(async () => (await two.post('/subjects/s', known)).status).toBe(200);
    await registry.takePrimaryAway();
    expect(await one.get('/')).toMatchObject({ status: 0, body: 'ECONNREFUSED' });
    expect(await two.post('/subjects/s/versions', known)).toMatchObject({ status: 200 });
    expect(await two.get('/schemas/ids/1')).toMatchObject({ status: 200 });
    expect(await two.post('/subjects/s/versions', fresh())).toMatchObject({ status: 500, body: { error_code: 50003 } });
    // Nobody takes its place, however long it stays away: the group names nobody once its session is over.
    await expect.poll(async () => (await two.post('/subjects/s/versions', fresh())).body.error_code).toBe(50004);
    expect(registry.primary()).toBeNull();
    await registry.restorePrimary();
    expect(registry.primary()?.url).toBe(one.url);
    expect((await two.post('/subjects/s/versions', fresh())).status).toBe(200);
    expect((await one.get('/schemas/ids/1')).status).toBe(200);
  });

  it('another node takes over when it may, and hands the role back to the lower URL', async () => {
    const { one, two } = await open('confluent');
    await withCompatibilityOff(one);
    await registry.takePrimaryAway({ replace: true });
    expect(await untilWritten(two)).toEqual(['500 50003', '500 50004', 200]);
    expect(registry.primary()?.url).toBe(two.url);
    await registry.restorePrimary();
    await expect.poll(() => registry.primary()?.url).toBe(one.url);
    expect((await two.post('/subjects/new/versions', fresh())).status).toBe(200);
  });

  it('comes back by itself after the time that was asked for', async () => {
    const { one, two } = await open('confluent');
    await withCompatibilityOff(one);
    await registry.takePrimaryAway({ forMs: 1_500, how: 'terminate' });
    expect(await two.post('/subjects/s/versions', fresh())).toMatchObject({ body: { error_code: 50004 } });
    await registry.writable();
    expect((await one.post('/subjects/s/versions', fresh())).status).toBe(200);
  });

  it('an elector that died leaves every node up and nobody to write', async () => {
    const { one, two } = await open('confluent');
    await registry.takePrimaryAway({ how: 'unelect' });
    for (const node of [one, two]) {
      expect(await node.post('/subjects/s/versions', known)).toMatchObject({
        status: 500,
        body: { error_code: 50004 },
      });
      expect((await node.get('/v1/metadata/id')).status).toBe(200);
    }
    await registry.restorePrimary();
    expect((await two.post('/subjects/s/versions', known)).status).toBe(200);
  });

  it('a lagging replica denies what the primary has acknowledged, and then no more', async () => {
    const { one, two } = await open('confluent');
    registry.nodes[1]!.pauseReading();
    expect((await two.post('/subjects/s/versions', known)).body).toEqual({ id: 1 });
    expect((await one.get('/schemas/ids/1')).status).toBe(200);
    expect(await two.get('/schemas/ids/1')).toMatchObject({ status: 404, body: { error_code: 40403 } });
    expect(await two.post('/subjects/s', known)).toMatchObject({ status: 404, body: { error_code: 40401 } });
    registry.nodes[1]!.resumeReading();
    await expect.poll(async () => (await two.get('/schemas/ids/1')).status).toBe(200);
  });
});

describe('Karapace', () => {
  it('plain text while the dead primary is still named, then 50003 until the new one has waited', async () => {
    const { one, two } = await open('karapace', { primaryWaitMs: 600 });
    await withCompatibilityOff(one);
    await registry.takePrimaryAway({ replace: true });
    expect(await untilWritten(two)).toEqual(['500 Internal Server Error', '500 50003', 200]);
  });

  it('a node that comes back denies what it has not replayed, then refuses to write, then works', async () => {
    const { one } = await open('karapace', { primaryWaitMs: 1_500, replayMs: 1_000 });
    await withCompatibilityOff(one);
    await registry.stopNode(0);
    await registry.startNode(0);
    expect(await one.get('/schemas/ids/1')).toMatchObject({ status: 404, body: { error_code: 40403 } });
    await expect.poll(async () => (await one.get('/schemas/ids/1')).status).toBe(200);
    expect(await one.post('/subjects/s/versions', fresh())).toMatchObject({ status: 500, body: { error_code: 50003 } });
    const health = await one.get('/_health');
    expect(health.body).toMatchObject({ healthy: true, status: { schema_registry_ready: false } });
    await registry.writable();
    expect((await one.post('/subjects/s/versions', fresh())).status).toBe(200);
    expect((await one.get('/_health')).body.status).toMatchObject({
      schema_registry_ready: true,
      schema_registry_is_primary: true,
      schema_registry_primary_url: one.url,
    });
    expect((await one.get('/master_available')).body).toEqual({ master_available: true });
  });

  it('a frozen primary holds what was forwarded to it until it wakes', async () => {
    const { one, two } = await open('karapace', { primaryWaitMs: 50 });
    await withCompatibilityOff(one);
    await registry.takePrimaryAway({ how: 'freeze', replace: true });
    let answered = false;
    const held = two.post('/subjects/s/versions', fresh()).finally(() => {
      answered = true;
    });
    await registry.writable();
    expect(registry.primary()?.url).toBe(two.url);
    expect((await two.post('/subjects/s/versions', fresh())).status).toBe(200);
    expect(answered).toBe(false);
    await registry.restorePrimary();
    expect(await held).toMatchObject({ status: 500 });
  });
});
