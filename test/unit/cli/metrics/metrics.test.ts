import { describe, expect, it } from 'vitest';
import { workerMetrics } from '../../../../src/cli/metrics/metrics-resource.ts';
import type { ParkedTask } from '../../../../src/cli/parked-tasks.ts';
import { SeenFromOutside } from '../../../../src/cli/seen-from-outside.ts';
import { silentLogger } from '../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { RegistryIntegrityError } from '../../../../src/registry/registry-errors.ts';
import type { RegistrySnapshot } from '../../../../src/registry/registry-snapshot.ts';
import { RestServer } from '../../../../src/rest/rest-server.ts';
import type { ConnectorStateInfo } from '../../../../src/runtime/herder/herder.ts';
import { StuckCalls } from '../../../../src/runtime/worker/stuck-calls.ts';
import { NotFoundError } from '../../../../src/sdk/errors/kinds.ts';
import { NOW, REGISTRY, sampleEpoch, sampleGate, sampleSnapshot } from '../registry-samples.ts';

type Parked = ParkedTask['parked'];

const park = (more: Partial<Parked> = {}): Parked => ({
  dependency: 'schema registry (writes)',
  gateId: `registry:${REGISTRY}:write`,
  reason: '',
  code: 'holdfast.registry.unavailable',
  partitions: [],
  since: NOW - 5_000,
  attempts: 1,
  nextProbeAt: null,
  ...more,
});

/** A worker as far as it is seen from outside; its tasks are in `tasks`, by connector. */
class Outside {
  readonly clock = new ManualClock();
  snapshots: RegistrySnapshot[] = [sampleSnapshot()];
  readonly tasks = new Map<string, readonly (Parked | null)[]>();
  readonly seen: SeenFromOutside;
  readonly server: RestServer;

  constructor(options: { readonly metrics?: boolean } = {}) {
    this.seen = new SeenFromOutside({
      clock: this.clock,
      version: '1.2.3',
      metrics: options.metrics ?? true,
      stuckCalls: () => new StuckCalls(),
      registries: () => ({ snapshots: () => this.snapshots, probeNow: () => false }),
      herder: () => ({
        // `ghost` is deleted between the two calls.
        connectors: async () => [...this.tasks.keys(), 'ghost'],
        connectorStatus: async (name) => {
          const tasks = this.tasks.get(name);
          if (tasks === undefined) throw new NotFoundError(name);
          return { tasks: tasks.map((parked, id) => ({ id, parked })) } as unknown as ConnectorStateInfo;
        },
      }),
    });
    const { clock } = this;
    this.server = new RestServer({ resources: this.seen.resources, clock, logger: silentLogger, stage: () => '' });
  }

  event(event: Parameters<SeenFromOutside['registryListener']>[1]): void {
    this.seen.registryListener(REGISTRY, event);
  }

  /** The lines of one metric, without the registry's label. */
  async lines(name: string): Promise<string[]> {
    const { status, body } = await this.server.inject({ method: 'GET', url: '/metrics' });
    expect(status).toBe(200);
    return body
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .map((line) =>
        line
          .slice(name.length)
          .replace(`registry="${REGISTRY}"`, '')
          .replace(/^\{,?|\}/g, '')
          .replace(',,', ','),
      );
  }
}

describe('GET /metrics', () => {
  it("answers in Prometheus' format, whatever text it accepts", async () => {
    const { server } = new Outside();
    for (const accept of ['*/*', 'text/plain;version=0.0.4;q=0.5,*/*;q=0.1', undefined]) {
      const headers = accept === undefined ? {} : { accept };
      const answer = await server.inject({ method: 'GET', url: '/metrics', headers });
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(answer.body).toContain('holdfast_worker_info{version="1.2.3"} 1\n');
      expect(answer.body).toMatch(/^process_resident_memory_bytes \d+$/m);
    }
  });

  it('shows the process once, whatever the number of workers', async () => {
    for (const { server } of [new Outside(), new Outside()]) {
      const { body } = await server.inject({ method: 'GET', url: '/metrics' });
      expect(body.match(/^# TYPE process_cpu_seconds_total /gm)).toHaveLength(1);
    }
  });

  it('is not there when metrics.enable is false', async () => {
    const { server } = new Outside({ metrics: false });
    expect((await server.inject({ method: 'GET', url: '/metrics' })).status).toBe(404);
    expect((await server.inject({ method: 'GET', url: '/registries' })).status).toBe(200);
  });

  it('names units, and labels that take few values', () => {
    const register = workerMetrics({ version: '', contributors: new Outside().seen.contributors });
    const labels = new Set<string>();
    for (const metric of register.getMetricsAsArray()) {
      const { name, help, labelNames } = metric as unknown as { name: string; help: string; labelNames: string[] };
      expect(name).toMatch(
        /^holdfast_[a-z_]+_(total|seconds|tasks|questions|things|schemas|answers|entries|info|state|known|usable|up|ready|stuck|primary|ids|number)$/,
      );
      expect(help).toMatch(/^[A-Z1]\S* .*\.$/);
      for (const label of labelNames) labels.add(label);
    }
    expect([...labels].sort()).toEqual([
      'cause',
      'connector',
      'dependency',
      'gate',
      'kind',
      'method',
      'node',
      'operation',
      'outcome',
      'registry',
      'rung',
      'state',
      'status',
      'task',
      'vendor',
      'version',
    ]);
  });
});

describe('a registry that is closed because nobody uses it', () => {
  it('has no figures any more, and begins at zero when it is used again', async () => {
    const outside = new Outside();
    const other = 'registry="another"';
    const integrity = { type: 'integrity', error: new RegistryIntegrityError('m') } as const;
    const request = { type: 'request', node: 'http://sr-1:8081', operation: 'by-id', status: 200, ms: 3 } as const;
    outside.seen.registryListener('another', request);
    outside.event(request);
    outside.event(integrity);
    outside.event({ type: 'gate', gate: sampleGate('write', { state: 'closed' }), closedForMs: 0 });
    const id = { connector: 'c', task: 0 };
    outside.seen.parkListener({ type: 'begun', id, ...park(), durationMs: 0 });
    outside.seen.parkListener({ type: 'ended', id, ...park(), durationMs: 5 });
    const figures = async (): Promise<string[]> => {
      const { body } = await outside.server.inject({ method: 'GET', url: '/metrics' });
      return body.split('\n').filter((line) => line.includes('registry="'));
    };
    expect((await figures()).filter((line) => line.includes(REGISTRY)).length).toBeGreaterThan(20);
    outside.snapshots = [];
    outside.event({ type: 'closed' });
    const left = await figures();
    expect(left.length).toBeGreaterThan(0);
    expect(left.filter((line) => !line.includes(other))).toEqual([]);
    outside.snapshots = [sampleSnapshot()];
    expect(await outside.lines('holdfast_registry_integrity_errors_total')).toContain(' 0');
    outside.event({ type: 'gate', gate: sampleGate('write', { state: 'closed' }), closedForMs: 0 });
    expect(await outside.lines('holdfast_registry_gate_closures_total')).toContain('gate="write" 1');
  });
});

describe('how a registry stands', () => {
  it('shows gates, and what it lacks without naming it', async () => {
    const outside = new Outside();
    expect(await outside.lines('holdfast_registry_gate_state')).toEqual([
      'gate="read",state="open" 1',
      'gate="read",state="half-open" 0',
      'gate="read",state="closed" 0',
      'gate="write",state="open" 0',
      'gate="write",state="half-open" 0',
      'gate="write",state="closed" 1',
    ]);
    expect(await outside.lines('holdfast_registry_gate_closed_seconds')).toEqual(['gate="read" 0', 'gate="write" 9.5']);
    expect(await outside.lines('holdfast_registry_missing_things')).toEqual([
      'kind="id" 1',
      'kind="subject" 0',
      'kind="barrier" 0',
    ]);
    outside.snapshots = [sampleSnapshot({ gates: [sampleGate('read')] })];
    expect(await outside.lines('holdfast_registry_missing_things')).toContain('kind="id" 0');
  });

  it('shows nodes as far as they are known', async () => {
    const outside = new Outside();
    const [one, two] = ['node="http://sr-1:8081"', 'node="http://sr-2:8081"'];
    expect(await outside.lines('holdfast_registry_node_up')).toEqual([`${one} 0`, `${two} 1`]);
    expect(await outside.lines('holdfast_registry_node_primary')).toEqual([`${one} 0`, `${two} 1`]);
    expect(await outside.lines('holdfast_registry_node_ready')).toEqual([`${one} 0`]);
    expect(await outside.lines('holdfast_registry_node_lag_ids')).toEqual([`${one} 2`]);
    expect(await outside.lines('holdfast_registry_node_latency_seconds')).toEqual([`${one} 0.012345`]);
  });

  it('shows the primary, and cache counts', async () => {
    const outside = new Outside();
    expect(await outside.lines('holdfast_registry_primary_known')).toEqual([' 1']);
    expect(await outside.lines('holdfast_registry_epoch_age_seconds')).toEqual([' 12']);
    expect(await outside.lines('holdfast_registry_epoch_number')).toEqual([' 2']);
    expect(await outside.lines('holdfast_registry_suspect_entries')).toEqual([' 2']);
    expect(await outside.lines('holdfast_registry_unconfirmed_entries')).toEqual([' 1']);
    expect(await outside.lines('holdfast_registry_info')).toEqual(['vendor="confluent",rung="group" 1']);
    outside.snapshots = [sampleSnapshot({ epoch: sampleEpoch({ memberId: null, url: null, usableAt: null }) })];
    expect(await outside.lines('holdfast_registry_primary_known')).toEqual([' 0']);
    expect(await outside.lines('holdfast_registry_epoch_usable')).toEqual([' 0']);
  });

  it.each([{ vendor: 'apicurio', rung: 'none' } as const, { vendor: 'other', rung: 'inference' } as const])(
    'misses no primary where there is none to know: $vendor, $rung',
    async (more) => {
      const outside = new Outside();
      outside.snapshots = [sampleSnapshot({ ...more, epoch: null })];
      expect(await outside.lines('holdfast_registry_primary_known')).toEqual([]);
    },
  );
});

describe('what happened at a registry', () => {
  it('begins at zero, so that a first error shows as an increase', async () => {
    const outside = new Outside();
    for (const name of ['integrity_errors', 'ids_from_future', 'detection_changes']) {
      expect(await outside.lines(`holdfast_registry_${name}_total`)).toEqual([' 0']);
    }
    expect(await outside.lines('holdfast_registry_epochs_total')).toHaveLength(6);
    expect(await outside.lines('holdfast_registry_parks_total')).toEqual(['gate="read" 0', 'gate="write" 0']);
    outside.event({ type: 'integrity', error: new RegistryIntegrityError('changed') });
    outside.event({ type: 'id-from-future', id: 4711, reason: 'r' });
    expect(await outside.lines('holdfast_registry_integrity_errors_total')).toEqual([' 1']);
    expect(await outside.lines('holdfast_registry_ids_from_future_total')).toEqual([' 1']);
  });

  it('counts outages and how long they were', async () => {
    const outside = new Outside();
    outside.event({ type: 'gate', gate: sampleGate('write', { state: 'closed' }), closedForMs: 0 });
    outside.event({ type: 'gate', gate: sampleGate('write', { state: 'half-open' }), closedForMs: 0 });
    outside.event({ type: 'gate', gate: sampleGate('write'), closedForMs: 12_000 });
    const lacking = { type: 'gate', gate: sampleGate('id:4711', { state: 'closed' }), closedForMs: 0 } as const;
    outside.event(lacking);
    // Again, for another reason: it was shut all the time.
    outside.event(lacking);
    expect(await outside.lines('holdfast_registry_gate_closures_total')).toEqual([
      'gate="read" 0',
      'gate="write" 1',
      'gate="id" 1',
    ]);
    expect(await outside.lines('holdfast_registry_gate_closed_duration_seconds_sum')).toEqual(['gate="write" 12']);
    const buckets = await outside.lines('holdfast_registry_gate_closed_duration_seconds_bucket');
    expect(buckets).toContain('le="10",gate="write" 0');
    expect(buckets).toContain('le="20",gate="write" 1');
  });

  it('counts an epoch once, and observes when it was usable once', async () => {
    const outside = new Outside();
    const first = sampleEpoch({ number: 1, cause: 'first-seen' });
    outside.event({ type: 'epoch', epoch: first, previous: null });
    const named = sampleEpoch({ usableAt: null, usableAfterMs: null });
    outside.event({ type: 'epoch', epoch: named, previous: first });
    outside.event({ type: 'epoch', epoch: sampleEpoch(), previous: first });
    outside.event({ type: 'epoch', epoch: sampleEpoch(), previous: first });
    // Nobody knows how long that one took.
    const unmeasured = sampleEpoch({ number: 3, usableAfterMs: null });
    outside.event({ type: 'epoch', epoch: unmeasured, previous: sampleEpoch() });
    const counted = await outside.lines('holdfast_registry_epochs_total');
    expect(counted.filter((line) => !line.endsWith(' 0'))).toEqual(['cause="first-seen" 1', 'cause="group-elected" 2']);
    expect(await outside.lines('holdfast_registry_outage_to_usable_seconds_sum')).toEqual([' 12']);
    expect(await outside.lines('holdfast_registry_outage_to_usable_seconds_count')).toEqual([' 1']);
  });

  it('counts requests, the cache, what was read back, and waits at the barrier', async () => {
    const outside = new Outside();
    const node = 'http://sr-1:8081';
    outside.event({ type: 'request', node, operation: 'by-id', status: 200, ms: 20 });
    outside.event({ type: 'request', node, operation: 'by-id', status: 404, ms: 20 });
    outside.event({ type: 'request', node, operation: 'register', status: null, ms: 5000 });
    outside.event({ type: 'cache', outcome: 'store' });
    outside.event({ type: 'revalidated', id: 4711, outcome: 'lost' });
    outside.event({ type: 'barrier', id: 4711, waitedMs: 300, outcome: 'timed-out' });
    const of = `node="${node}",operation=`;
    expect(await outside.lines('holdfast_registry_requests_total')).toEqual([
      `${of}"by-id",status="2xx" 1`,
      `${of}"by-id",status="4xx" 1`,
      `${of}"register",status="none" 1`,
    ]);
    expect(await outside.lines('holdfast_registry_request_duration_seconds_sum')).toEqual([
      `${of}"by-id" 0.04`,
      `${of}"register" 5`,
    ]);
    expect(await outside.lines('holdfast_registry_cache_questions_total')).toContain('outcome="store" 1');
    expect(await outside.lines('holdfast_registry_revalidations_total')).toContain('outcome="lost" 1');
    expect(await outside.lines('holdfast_registry_barrier_wait_seconds_sum')).toEqual(['outcome="timed-out" 0.3']);
    const { body } = await outside.server.inject({ method: 'GET', url: '/metrics' });
    expect(body).not.toContain('4711');
  });
});

describe('parked tasks', () => {
  it('shows how many, since when, and what for', async () => {
    const outside = new Outside();
    outside.tasks.set('orders', [park(), park({ since: NOW - 65_000 }), null]);
    outside.tasks.set('files', [park({ dependency: 'target system', gateId: null, code: 'x' })]);
    outside.tasks.set('ids', [park({ dependency: 'schema id 42', gateId: `registry:${REGISTRY}:id:42` })]);
    outside.tasks.set('odd', [park({ dependency: 'flux capacitor 88', gateId: null, code: 'x' })]);
    expect(await outside.lines('holdfast_parked_tasks')).toEqual([
      'connector="orders",dependency="schema registry (writes)" 2',
      'connector="files",dependency="target system" 1',
      'connector="ids",dependency="schema registry (id)" 1',
      'connector="odd",dependency="other" 1',
    ]);
    expect((await outside.lines('holdfast_parked_tasks_oldest_seconds'))[0]).toMatch(/ 65$/);
    expect(await outside.lines('holdfast_registry_parked_tasks')).toEqual(['gate="write" 2', 'gate="id" 1']);
    outside.tasks.set('orders', [null, null, null]);
    expect((await outside.lines('holdfast_parked_tasks'))[0]).toBe(
      'connector="orders",dependency="schema registry (writes)" 0',
    );
  });

  it('counts parks, and for how long', async () => {
    const outside = new Outside();
    outside.tasks.set('orders', []);
    const { dependency, gateId, code } = park();
    const event = { id: { connector: 'orders', task: 0 }, dependency, gateId, code };
    outside.seen.parkListener({ ...event, type: 'begun', durationMs: 0 });
    outside.seen.parkListener({ ...event, type: 'ended', durationMs: 7_500 });
    expect(await outside.lines('holdfast_task_parks_total')).toEqual([
      'connector="orders",dependency="schema registry (writes)" 1',
    ]);
    expect(await outside.lines('holdfast_task_park_duration_seconds_sum')).toEqual([
      'dependency="schema registry (writes)" 7.5',
    ]);
    expect(await outside.lines('holdfast_registry_parks_total')).toEqual(['gate="write" 1', 'gate="read" 0']);
    expect(await outside.lines('holdfast_registry_park_duration_seconds_sum')).toEqual(['gate="write" 7.5']);
  });

  it('does not count who waits for the answer to a first question', async () => {
    const outside = new Outside();
    const pending = park({ code: 'holdfast.registry.pending', gateId: `registry:${REGISTRY}:answer:v1:1` });
    outside.tasks.set('orders', [pending]);
    outside.seen.parkListener({ ...pending, id: { connector: 'orders', task: 0 }, type: 'begun', durationMs: 0 });
    expect(await outside.lines('holdfast_parked_tasks')).toEqual([]);
    expect(await outside.lines('holdfast_task_parks_total')).toEqual([]);
  });

  it('counts who waits for an answer that does not come', async () => {
    const outside = new Outside();
    const slow = park({ code: 'holdfast.registry.slow', gateId: `registry:${REGISTRY}:slow:1` });
    outside.tasks.set('orders', [slow]);
    outside.seen.parkListener({ ...slow, id: { connector: 'orders', task: 0 }, type: 'begun', durationMs: 0 });
    expect(await outside.lines('holdfast_parked_tasks')).toEqual([
      'connector="orders",dependency="schema registry (answer)" 1',
    ]);
    expect(await outside.lines('holdfast_registry_parked_tasks')).toEqual(['gate="slow" 1']);
    expect(await outside.lines('holdfast_registry_parks_total')).toContain('gate="slow" 1');
  });

  it('forgets a connector that is deleted', async () => {
    const outside = new Outside();
    outside.tasks.set('orders', [park()]);
    const event = { ...park(), id: { connector: 'orders', task: 0 }, type: 'begun', durationMs: 0 } as const;
    outside.seen.parkListener(event);
    expect(await outside.lines('holdfast_task_parks_total')).toHaveLength(1);
    outside.tasks.delete('orders');
    expect(await outside.lines('holdfast_task_parks_total')).toEqual([]);
    expect(await outside.lines('holdfast_parked_tasks')).toEqual([]);
  });
});
