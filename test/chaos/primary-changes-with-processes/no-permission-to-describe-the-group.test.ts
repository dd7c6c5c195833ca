import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { runTool } from '../../integration/broker/kafka-tools.ts';
import { describeWithJava } from '../../support/describe-with-kafka.ts';
import { ProcessChaos } from '../../support/process-chaos.ts';
import { chaosKafka, karapace } from './chaos-kafka.ts';

describeWithJava('sources and sinks whose user may not describe the group of the registry', () => {
  const kafka = chaosKafka({
    listeners: ['plaintext', 'sasl_plain'],
    properties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // The broker itself, the registry and the test.
      'super.users': 'User:ANONYMOUS',
      'allow.everyone.if.no.acl.found': 'true',
    },
  });

  it('20: lose, repeat and fail nothing when the primary is killed', async () => {
    const { user } = kafka();
    const report = await ProcessChaos.play('20 no group ACL', {
      ...karapace,
      bootstrapServers: kafka().bootstrapServers,
      worker: {
        bootstrapServers: kafka().bootstrapServersOf('sasl_plain'),
        kafkaSettings: {
          'security.protocol': 'SASL_PLAINTEXT',
          'sasl.mechanism': 'PLAIN',
          'sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required username="${user.username}" password="${user.password}";`,
        },
      },
      urls: async (registry) => {
        // With a rule for somebody else the group is closed to everybody else.
        await runTool('org.apache.kafka.tools.AclCommand', [
          ...['--bootstrap-server', kafka().bootstrapServers, '--add', '--allow-principal', 'User:somebody'],
          ...['--operation', 'Describe', '--group', registry.groupId, '--force'],
        ]);
        return registry.urls;
      },
      run: async ({ registry }) => {
        await delay(2_000);
        await registry.signal(0, 'SIGKILL');
        await registry.untilNamed(1);
        await registry.writable();
        await registry.startNode(0);
        await registry.untilNamed(0);
      },
    });
    // The next rung of the ladder.
    expect(report.rungs).toBe('health');
  });
});
