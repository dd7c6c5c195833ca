import { afterEach, expect, it } from 'vitest';
import { verifyScenario } from '../../support/chaos-verification.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import { fetchJson } from '../../support/fetch-json.ts';
import { RegistryProcesses } from '../../support/registry-processes.ts';

const schema = (n: number): string => `{"type":"fixed","name":"F${n}","size":1}`;

describeWithKafka('registry nodes in processes of their own', (kafka) => {
  let registry: RegistryProcesses | undefined;
  afterEach(() => registry?.stop());

  const start = async (vendor: 'confluent' | 'karapace', flags: readonly string[] = []): Promise<RegistryProcesses> => {
    registry = await RegistryProcesses.start({
      ...{ bootstrapServers: kafka().bootstrapServers, vendor, nodes: 3 },
      flags: ['--session-timeout-ms', '7000', ...flags],
    });
    return registry;
  };
  const verify = (nodes: RegistryProcesses): Promise<unknown> =>
    nodes.log().then((log) =>
      verifyScenario({
        ...{ broker: nodes.broker, topics: [], failures: [], deadLetters: [], log },
        nodes: nodes.running.map((node) => nodes.url(node)),
        ...{ acknowledged: nodes.acknowledged, unanswered: nodes.unanswered },
      }),
    );

  it('karapace: the smallest URL wins, the group says so, and kill -9 moves the primary after the session', async () => {
    const nodes = await start('karapace', ['--primary-wait-ms', '3000']);
    await nodes.untilNamed(0);
    const group = await nodes.describeGroup();
    expect(group).toMatchObject({ state: 'Stable', protocolType: 'sr', protocol: 'v0' });
    expect(group.members).toHaveLength(3);
    const told = group.members.map(({ assignment }) => JSON.parse(Buffer.from(assignment).toString()));
    const primary = {
      ...{ version: 2, karapace_version: '6.2.0', host: '127.0.0.1', port: Number(new URL(nodes.url(0)).port) },
      ...{ scheme: 'http', master_eligibility: true },
    };
    const named = group.members.find(
      ({ metadata }) => JSON.parse(Buffer.from(metadata).toString()).port === primary.port,
    );
    for (const assignment of told) {
      expect(assignment).toEqual({ master: named?.memberId, master_identity: primary, error: 0 });
    }
    const ids = await Promise.all([0, 1, 2].map((node) => nodes.register(node, `s${node}`, schema(node))));
    expect(new Set(ids).size).toBe(3);
    expect((await fetchJson(`${nodes.url(1)}/_health`)).body.status).toMatchObject({
      schema_registry_is_primary: false,
      schema_registry_primary_url: nodes.url(0),
    });
    expect((await fetchJson(`${nodes.url(2)}/master_available`)).body).toEqual({ master_available: true });

    const killed = performance.now();
    await nodes.signal(0, 'SIGKILL');
    expect(await nodes.register(1, 'refused', schema(10))).toEqual({ status: 500, code: null });
    expect(await nodes.named(), 'the group names a dead primary until the session is over').toBe(0);
    expect((await fetchJson(`${nodes.url(1)}/schemas/ids/${ids[0]}`)).status).toBe(200);
    await nodes.untilNamed(1);
    expect(await nodes.register(2, 'early', schema(11)), 'named before it takes schemas').toEqual({
      ...{ status: 500, code: 50003 },
    });
    await nodes.writable();
    expect(performance.now() - killed).toBeGreaterThan(3_000);
    await nodes.startNode(0);
    await nodes.untilNamed(0);
    await nodes.writable();
    await verify(nodes);
  });

  it('confluent: a node that is asked to stop leaves at once, one that was stopped for too long does not write', async () => {
    const nodes = await start('confluent', ['--session-timeout-ms', '10000']);
    await nodes.untilNamed(0);
    const group = await nodes.describeGroup();
    const [assignment] = group.members.map((member) => JSON.parse(Buffer.from(member.assignment).toString()));
    expect(assignment).toMatchObject({ version: 1, error: 0, master_identity: { version: 1, scheme: 'http' } });
    await nodes.signal(0, 'SIGTERM');
    await nodes.untilNamed(1, 7_000);
    await nodes.writable();

    await nodes.signal(1, 'SIGSTOP');
    await nodes.untilNamed(2);
    await nodes.writable();
    // What waits in the stopped node's socket comes to a node that was the primary when it was stopped.
    const queued = [0, 1, 2, 3].map((n) => nodes.register(1, `queued-${n}`, schema(20 + n), 20_000));
    await nodes.signal(1, 'SIGCONT');
    await Promise.all(queued);
    await nodes.untilNamed(1);
    await nodes.writable();
    await verify(nodes);
  });
});
