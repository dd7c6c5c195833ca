import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeWithJava } from '../../support/describe-with-kafka.ts';
import { ProcessChaos } from '../../support/process-chaos.ts';
import { eventually } from '../../support/worker-process.ts';
import { operateWhileParked } from '../operators-while-parked.ts';
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
        const slowest = await operateWhileParked(bench, {
          source: parked,
          sink: chaos.named('read-sink'),
          topic: chaos.named('read'),
          passing: chaos.named('passing'),
        });
        console.log(`22: slowest answer to an operator ${Math.round(slowest)} ms`);
        await Promise.all([0, 1, 2].map((node) => registry.startNode(node)));
        await registry.untilNamed(0);
      },
    });
  });
});
