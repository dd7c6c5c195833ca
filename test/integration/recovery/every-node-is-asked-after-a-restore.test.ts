/** The last word on a restore is that of every node of the registry: those that are started after it, and those that lag. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock as clock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { BrokerPlanTopic } from '../../../src/recovery/restore/broker-plan-topic.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import { runHoldfast } from '../../support/holdfast-process.ts';
import { schemasCommandEnds } from '../../support/recovery/schemas-command.ts';
import { RegistryProcesses } from '../../support/registry-processes.ts';
import { tempDir } from '../../support/temp-dir.ts';

describeWithKafka('after a restore, every node of the registry', (kafka) => {
  let registry: RegistryProcesses;
  const { signal } = new AbortController();
  const cwd = tempDir('restored');
  beforeAll(async () => {
    const { bootstrapServers } = kafka();
    registry = await RegistryProcesses.start({ bootstrapServers, vendor: 'confluent', nodes: 2 });
  }, 120_000);
  afterAll(() => registry?.stop());

  it('has every id, also when it was started after it, and is named when it lags', async () => {
    const { topic, groupId, urls } = registry;
    const at = [
      '--bootstrap-servers',
      kafka().bootstrapServers,
      '--topic',
      topic,
      '--group-id',
      groupId,
      '--other-group-ok',
      '*',
    ];
    const nodes = ['--registry', urls.join(',')];
    for (const subject of ['a', 'b']) {
      expect(await registry.register(0, subject, `{"type":"fixed","name":"${subject}","size":1}`)).toEqual(
        expect.any(Number),
      );
    }
    await schemasCommandEnds(0, ['backup', ...at, '--to', 'backups'], { cwd });
    for (const node of [0, 1]) await registry.signal(node, 'SIGTERM');
    const target = new BrokerPlanTopic({
      ...{ broker: registry.broker, client: { settings: {}, logger: silentLogger }, clock, topic, groupId },
    });
    const facts = await target.facts(signal);
    if (facts !== undefined) await target.remove(facts, signal);
    await target.close();

    const into = ['schemas', 'restore', 'backups', '--into', 'new-topic', '--yes', '--plan', 'plan.ndjson'];
    const restore = await runHoldfast([...into, ...at, ...nodes, '--wait', '2m'], { cwd });
    await restore.waitForLine('Start the registry now', { timeoutMs: 60_000 });
    for (const node of [0, 1]) await registry.startNode(node);
    expect((await restore.waitForExit()).code, restore.lines.join('\n')).toBe(0);
    expect(restore.stdout.join('\n')).toContain(`Every id, version and setting is there at ${urls.join(', ')}.`);

    await registry.writable();
    await registry.control(1, 'pause-reading');
    const again = ['restore', 'backups', '--into', 'registry', '--map', 'a=other', '--only', 'a', '--plan', 'p.ndjson'];
    const lagging = await schemasCommandEnds(4, [...again, ...nodes, '--yes', '--wait', '1s'], { cwd });
    expect(lagging.stdout).toContain(`not everything is as planned:\n${urls[1]} lacks other version 1`);
    await registry.control(1, 'resume-reading');
    const whole = await schemasCommandEnds(0, ['apply', 'p.ndjson', ...nodes, '--yes'], { cwd });
    expect(whole.stdout).toContain(`Every id, version and setting is there at ${urls.join(', ')}.`);
  }, 180_000);
});
