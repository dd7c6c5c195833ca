import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ScriptedRegistry } from '../../../src/testing/index.ts';
import { AvroBench, framed, range, sequenceSchema } from '../../support/avro-pipelines.ts';
import { EventSourceClient } from '../../support/event-source.ts';
import { freePorts } from '../../support/ports.ts';
import { startRegistry } from '../../support/registry-outage-story.ts';
import { createTopic, produce } from '../../support/topic-content.ts';

const PASSWORD = 'h0ld-f4st-s3cr3t';
const HEADER = 'x-s3cr3t-h34d3r';

interface Epoch {
  readonly number: number;
  readonly url: string | null;
  readonly cause: string;
  readonly usable: string | null;
  readonly usable_after_ms: number | null;
  readonly ended: string | null;
}

interface Registry {
  readonly id: string;
  readonly vendor: string;
  readonly epoch: Epoch | null;
  readonly epochs: readonly Epoch[];
  readonly nodes: readonly { readonly url: string; readonly alive: boolean }[];
  readonly gates: readonly { readonly id: string; readonly state: string; readonly parked_tasks: number }[];
  readonly gate_history: readonly {
    readonly gate: string;
    readonly opened: string | null;
    readonly duration_ms: number;
  }[];
  readonly parked: {
    readonly tasks: readonly { readonly connector: string; readonly task: number; readonly gate: string }[];
  };
}

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A worker whose converters know the registry with a password and a header that must show nowhere. */
async function start() {
  const registry = await ScriptedRegistry.start({ nodes: 2, ports: await freePorts(2) });
  cleanups.push(() => registry.stop());
  const settings = {
    'value.converter.schema.registry.url': registry.urls
      .map((url) => url.replace('//', `//alice:${PASSWORD}@`))
      .join(','),
    'value.converter.request.header.x-api-key': HEADER,
    'value.converter.http.read.timeout.ms': '1000',
    'task.shutdown.graceful.timeout.ms': '40000',
  };
  const bench = await AvroBench.start({ registryUrls: registry.urls, settings });
  cleanups.push(() => bench.stop());
  return { registry, bench };
}

async function theRegistry(bench: AvroBench): Promise<Registry> {
  const all = (await bench.get('/registries')).body as readonly Registry[];
  expect(all).toHaveLength(1);
  return all[0] as Registry;
}

/** The value of each line of that metric, by its labels without the registry. */
async function metric(bench: AvroBench, name: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${bench.connect.url}/metrics`)).text();
  bench.answers.push(text);
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
  return Object.fromEntries(
    lines.map((line) => {
      const [, labels = '', value] = /\{(.*)\} (\S+)$/.exec(line) ?? [];
      const left = [...labels.matchAll(/(\w+)="([^"]*)"/g)].filter(([, label]) => label !== 'registry');
      return [left.map(([, , text]) => text).join(' '), Number(value)];
    }),
  );
}

describe('an outage of the registry', () => {
  it('shows in /registries, in the events and in /metrics, and no secret does', async () => {
    const { registry, bench } = await start();
    const known = sequenceSchema('Known');
    const id = await registry.register('known-value', known);
    await createTopic(bench.broker, 'known', 1);
    await produce(
      bench.broker,
      'known',
      0,
      range(0, 5).map((seq) => framed(id, known, { seq, text: '' })),
    );
    await bench.sink('reader', 'known');
    await bench.expectDelivered('reader', range(0, 5));
    const before = await theRegistry(bench);
    expect(before.nodes.map(({ url }) => url)).toEqual(registry.urls);
    expect(before.gates.map(({ id: gate, state }) => `${gate.split(':').at(-1)} ${state}`)).toEqual([
      'read open',
      'write open',
    ]);
    expect(before.parked.tasks).toEqual([]);
    const events = await EventSourceClient.open(`${bench.connect.url}/registries/events`);
    cleanups.push(() => events.close());
    const all = await EventSourceClient.open(`${bench.connect.url}/registries/events?all=true`);
    cleanups.push(() => all.close());
    const parksBefore = await metric(bench, 'holdfast_registry_parks_total');

    for (const node of [0, 1]) await registry.node(node).stop();
    bench.feed('writer', range(0, 10));
    await bench.source('writer', 'written', sequenceSchema('New'));
    await bench.parked('writer');
    const during = await bench.connect.waitFor('the park of the writer', async () => {
      const now = await theRegistry(bench);
      // At first it may wait for an answer only.
      const waits = now.parked.tasks.some(({ gate }) => gate.endsWith(':write'));
      return waits && now.gates.every(({ state }) => state !== 'open') && now;
    });
    expect(during.id).toBe(before.id);
    expect(during.parked.tasks).toMatchObject([{ connector: 'writer', task: 0, gate: `registry:${before.id}:write` }]);
    expect(during.gates.map(({ parked_tasks }) => parked_tasks)).toEqual([0, 1]);
    expect(during.gate_history.map(({ opened }) => opened)).toEqual([null, null]);
    expect(await metric(bench, 'holdfast_registry_gate_state')).toMatchObject({ 'write open': 0, 'read open': 0 });
    expect(await metric(bench, 'holdfast_parked_tasks')).toMatchObject({ 'writer schema registry (writes)': 1 });
    expect(await metric(bench, 'holdfast_registry_parked_tasks')).toMatchObject({ write: 1 });
    expect(await metric(bench, 'holdfast_registry_gate_closures_total')).toEqual({ read: 1, write: 1 });
    await bench.connect.waitFor(
      'both gates in the events',
      async () =>
        events.events.filter(({ event, data }) => event === 'gate' && stateOf(data) === 'closed').length === 2,
    );

    for (const node of [0, 1]) await registry.node(node).start();
    const probe = await fetch(`${bench.connect.url}/registries/${before.id}/probe`, { method: 'POST' });
    expect([probe.status, await probe.text()]).toEqual([202, '']);
    await bench.notParked('writer');
    await bench.connect.waitFor('the written records', async () => (await bench.topicLength('written')) === 10);
    const after = await theRegistry(bench);
    expect(after.gates.map(({ state }) => state)).toEqual(['open', 'open']);
    expect(after.parked.tasks).toEqual([]);
    expect(after.gate_history).toHaveLength(2);
    for (const { opened, duration_ms } of after.gate_history) {
      expect(opened).toMatch(/^\d{4}-\d\d-\d\dT/);
      expect(duration_ms).toBeGreaterThan(0);
    }
    expect(await metric(bench, 'holdfast_parked_tasks')).toMatchObject({ 'writer schema registry (writes)': 0 });
    const parks = await metric(bench, 'holdfast_registry_parks_total');
    expect(parks['write']).toBe((parksBefore['write'] ?? 0) + 1);
    expect(await metric(bench, 'holdfast_registry_park_duration_seconds_count')).toMatchObject({ write: 1 });
    expect(await metric(bench, 'holdfast_registry_gate_closed_duration_seconds_count')).toEqual({ read: 1, write: 1 });

    await bench.connect.waitFor(
      'the end in the events',
      async () => events.events.filter(({ event, data }) => event === 'gate' && stateOf(data) === 'open').length >= 2,
    );
    const names = events.events.map(({ event }) => event);
    expect(names).toContain('parked');
    expect(names).toContain('resumed');
    expect(names).not.toContain('cache');
    expect(all.events.map(({ event }) => event)).toContain('cache');
    expect(events.headers.get('content-type')).toBe('text/event-stream');
    const numbers = events.events.map(({ id: eventId = '' }) => Number(eventId.split('-')[1]));
    expect(numbers).toEqual(range(numbers[0] ?? 0, (numbers[0] ?? 0) + numbers.length));

    // A client that comes back is told the rest.
    const resumed = await EventSourceClient.open(`${bench.connect.url}/registries/events`, events.events[1]?.id ?? '');
    cleanups.push(() => resumed.close());
    await bench.connect.waitFor('the rest', async () => resumed.events.length >= numbers.length - 2);
    expect(resumed.events.slice(0, numbers.length - 2)).toEqual(events.events.slice(2));

    // What it shows it knows, and asks nobody for; the registry may be asked for 5 s.
    expect(bench.slowestAnswerMs).toBeLessThan(4_000);
    bench.answers.push(events.text, all.text, resumed.text);
    const said = bench.everythingSaid;
    // Invariant 8. In the configuration of a connector, which is answered as it was given, there is none of them.
    for (const secret of [PASSWORD, HEADER, Buffer.from(`alice:${PASSWORD}`).toString('base64')]) {
      const at = said.indexOf(secret);
      expect(at < 0 ? '' : said.slice(Math.max(0, at - 300), at + 60)).toBe('');
    }
  });

  it('is told to many clients; none keeps the worker from stopping, one that does not read least of all', async () => {
    const { registry, bench } = await start();
    await bench.source('writer', 'written', sequenceSchema('New'));
    bench.feed('writer', range(0, 1));
    await bench.connect.waitFor(
      'a registry',
      async () => ((await bench.get('/registries')).body as unknown[]).length === 1,
    );
    const clients = await Promise.all(
      range(0, 20).map(() => EventSourceClient.open(`${bench.connect.url}/registries/events`)),
    );
    const { hostname, port } = new URL(bench.connect.url);
    const deaf = connect(Number(port), hostname);
    deaf.on('error', () => {});
    deaf.write(`GET /registries/events?all=true HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`);
    deaf.pause();
    for (const node of [0, 1]) await registry.node(node).stop();
    bench.feed('new', range(0, 1));
    await bench.source('new', 'new', sequenceSchema('Another'));
    for (const client of clients) {
      await bench.connect.waitFor('the gate', async () => client.events.some(({ event }) => event === 'gate'));
    }
    // Far less than the 40 s that it may wait for its tasks.
    expect(await bench.stopWorker()).toBeLessThan(10_000);
    for (const client of clients) {
      await expect.poll(() => client.end).toBe('ended');
      expect(client.events.filter(({ event }) => event === 'gate').map(({ data }) => stateOf(data))).toContain(
        'closed',
      );
    }
    deaf.destroy();
  });
});

function stateOf(data: Readonly<Record<string, unknown>>): string {
  return (data['gate'] as { readonly state: string }).state;
}

it('a change of primary shows with cause and duration, in /registries, in the events and in /metrics', async () => {
  const { registry, urls, stop } = await startRegistry({
    vendor: 'karapace',
    timings: { sessionTimeoutMs: 500, rebalanceMs: 200, replayMs: 500, primaryWaitMs: 500 },
  });
  cleanups.push(stop);
  const bench = await AvroBench.start({
    registryUrls: urls,
    settings: { 'value.converter.http.read.timeout.ms': '1000' },
  });
  cleanups.push(() => bench.stop());
  bench.feed('old', range(0, 1));
  await bench.source('old', 'old', sequenceSchema('Old'));
  await bench.connect.waitFor('a primary', async () => (await theRegistry(bench)).epoch !== null);
  const events = await EventSourceClient.open(`${bench.connect.url}/registries/events`);
  cleanups.push(() => events.close());

  await registry.takePrimaryAway({ how: 'crash' });
  bench.feed('new', range(0, 1));
  await bench.source('new', 'new', sequenceSchema('New'));
  await bench.parked('new');
  await registry.restorePrimary();
  await bench.connect.waitFor('the new record', async () => (await bench.topicLength('new')) === 1, 30_000);
  const after = await bench.connect.waitFor('a primary that is usable', async () => {
    const now = await theRegistry(bench);
    return now.epoch?.usable !== null && (now.epoch?.number ?? 0) > 1 && now;
  });
  const change = after.epochs.find(({ number }) => number === after.epoch?.number);
  expect(change).toEqual(after.epoch);
  expect(change).toMatchObject({ cause: expect.stringMatching(/^(health-changed|outage-ended)$/), ended: null });
  expect(change?.usable_after_ms).toBeGreaterThan(0);
  expect(after.vendor).toBe('karapace');

  await bench.connect.waitFor('the epoch that is usable', async () =>
    events.events.some(({ event, data }) => event === 'epoch' && epochOf(data).usable !== null),
  );
  const told = events.events.filter(({ event, data }) => event === 'epoch' && epochOf(data).number === change?.number);
  expect(told.map(({ data }) => epochOf(data).usable !== null)).toContain(true);

  const epochs = await metric(bench, 'holdfast_registry_epochs_total');
  expect(epochs['first-seen']).toBe(1);
  expect(Object.values(epochs).reduce((sum, count) => sum + count)).toBe(after.epochs.length);
  expect(await metric(bench, 'holdfast_registry_primary_known')).toEqual({ '': 1 });
  expect(await metric(bench, 'holdfast_registry_outage_to_usable_seconds_count')).toEqual({ '': 1 });
  expect(Object.values(await metric(bench, 'holdfast_registry_node_primary')).sort()).toEqual([0, 1]);
  const requests = await metric(bench, 'holdfast_registry_requests_total');
  expect(Object.keys(requests).filter((labels) => labels.endsWith('register 2xx'))).not.toEqual([]);
  const codes = new Set(bench.lines.map(({ fields }) => fields['code']));
  expect(codes).toContain('holdfast.registry.primary.usable');
});

function epochOf(data: Readonly<Record<string, unknown>>): Epoch {
  return data['epoch'] as Epoch;
}
