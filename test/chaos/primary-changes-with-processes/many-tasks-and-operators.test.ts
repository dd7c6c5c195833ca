import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { describeWithJava } from '../../support/describe-with-kafka.ts';
import { ProcessChaos } from '../../support/process-chaos.ts';
import { eventually } from '../../support/worker-process.ts';
import { chaosKafka, karapace } from './chaos-kafka.ts';

describeWithJava('sources and sinks over registry processes that elect over a real Kafka', () => {
  const kafka = chaosKafka();

  it('21: come through a rolling restart of three nodes with 100 parked tasks, without a thundering herd', async () => {
    const report = await ProcessChaos.play('21 rolling restart, 100 tasks', {
      ...karapace,
      bootstrapServers: kafka().bootstrapServers,
      newSchemas: 100,
      newSinks: false,
      newEveryMs: 10,
      holdNew: true,
      run: async (chaos) => {
        const { registry } = chaos;
        await Promise.all([0, 1, 2].map((node) => registry.signal(node, 'SIGTERM')));
        chaos.feedNew();
        await eventually('a hundred parked tasks', async () => (await chaos.parkedTasks()) >= 100, 60_000);
        await Promise.all([0, 1, 2].map((node) => registry.startNode(node)));
        for (const node of [0, 1, 2]) {
          await registry.signal(node, 'SIGTERM');
          await registry.startNode(node);
          await registry.writable();
        }
        await registry.untilNamed(0);
      },
    });
    expect(report.peakRequests).toBeLessThan(300);
  });

  it('22: can be asked, paused, restarted, made, deleted and rebalanced while they are parked', async () => {
    await ProcessChaos.play('22 operators while parked', {
      ...karapace,
      bootstrapServers: kafka().bootstrapServers,
      run: async (chaos) => {
        const { registry, bench } = chaos;
        await delay(1_000);
        await Promise.all([0, 1, 2].map((node) => registry.signal(node, 'SIGKILL')));
        await delay(3_000);
        const parked = await eventually('a parked source', async () => {
          for (const n of [0, 1, 2, 3, 4, 5, 6, 7]) {
            const { tasks } = await bench.status(chaos.named(`new-${n}`));
            if (tasks[0]?.parked !== undefined) return chaos.named(`new-${n}`);
          }
          return null;
        });
        const slowest = bench.slowestAnswerMs;
        const call = async (method: string, path: string, body?: unknown): Promise<number> =>
          (await bench.connect.request(method, path, body)).status;
        expect(await call('PUT', `/connectors/${parked}/pause`)).toBe(202);
        expect(await call('PUT', `/connectors/${parked}/resume`)).toBe(202);
        expect(await call('POST', `/connectors/${parked}/tasks/0/restart`)).toBe(204);
        expect(await call('POST', `/connectors/${parked}/restart?includeTasks=true`)).toBe(202);
        await bench.source(
          chaos.named('passing'),
          chaos.named('passing'),
          '{"type":"record","name":"P","fields":[{"name":"seq","type":"long"},{"name":"text","type":"string"}]}',
        );
        bench.feed(chaos.named('passing'), [0]);
        await bench.parked(chaos.named('passing'), 30_000);
        expect(await call('DELETE', `/connectors/${chaos.named('passing')}`)).toBe(204);
        // Another member takes the partition of the parked sink, and gives it back.
        const taken: string[] = [];
        const member = bench.broker.groupMember({
          settings: { 'session.timeout.ms': '6000' },
          logger: silentLogger,
          groupId: `connect-${chaos.named('read-sink')}`,
          subscription: { topics: [chaos.named('read')] },
          listener: {
            onAssigned: async (partitions) => void taken.push(`${partitions.length}`),
            onRevoked: async () => {},
            onLost: async () => {},
            onFailed: () => {},
          },
        });
        member.start();
        await eventually('a rebalance', () => taken.length > 0);
        await member.close();
        expect((await bench.get(`/connectors/${parked}/status`)).status).toBe(200);
        console.log(
          `22: slowest answer before ${Math.round(slowest)} ms, after ${Math.round(bench.slowestAnswerMs)} ms`,
        );
        await Promise.all([0, 1, 2].map((node) => registry.startNode(node)));
        await registry.untilNamed(0);
      },
    });
  });
});
