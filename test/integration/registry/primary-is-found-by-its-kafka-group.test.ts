import { afterEach, expect, it } from 'vitest';
import { BrokerGroups } from '../../../src/cli/broker-groups.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { GateBook } from '../../../src/registry/gate-book.ts';
import { RegistryCoordinator } from '../../../src/registry/registry-coordinator.ts';
import { RegistryHost } from '../../../src/registry/registry-host.ts';
import type { RegistryNotice } from '../../../src/registry/registry-notices.ts';
import type { RegistrySnapshot } from '../../../src/registry/registry-snapshot.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import { RegistryProcesses } from '../../support/registry-processes.ts';
import { eventually } from '../../support/worker-process.ts';

/** The registry client of a worker, over sockets, with the groups of a real Kafka. */
class Client {
  readonly notices: RegistryNotice[] = [];
  private readonly coordinator: RegistryCoordinator;
  private readonly host: RegistryHost;
  private readonly groups: BrokerGroups;
  private readonly life = new AbortController();
  private readonly urls: readonly string[];
  private serial = 0;

  constructor(registry: RegistryProcesses, bootstrapServers: string) {
    const clock = systemClock;
    this.urls = registry.urls;
    const settings = { 'bootstrap.servers': bootstrapServers };
    this.groups = new BrokerGroups({ broker: registry.broker, settings });
    this.coordinator = new RegistryCoordinator({
      clock,
      logger: silentLogger,
      gates: new GateBook({ clock }),
      store: null,
      groups: this.groups,
      notify: (notice) => {
        if (notice.kind === 'changed') this.notices.push(notice);
      },
    });
    this.host = new RegistryHost({ clock, ask: (message) => this.coordinator.serve(message) });
  }

  get snapshot(): RegistrySnapshot {
    const [snapshot] = this.coordinator.snapshots();
    if (snapshot === undefined) throw new Error('no registry is in use yet');
    return snapshot;
  }

  /** Asks for a new id, and does not wait for it. */
  write(): void {
    const n = this.serial++;
    const schema = { schemaType: 'AVRO', schema: `{"type":"fixed","name":"W${n}","size":1}`, references: [] } as const;
    const view = this.host.schemaView({ 'schema.registry.url': this.urls.join(',') });
    const question = { kind: 'register', key: `w${n}`, subject: `w${n}`, schema, normalize: false } as const;
    void Promise.resolve(view.resolve([question], this.life.signal)).catch(() => {});
  }

  async close(): Promise<void> {
    this.life.abort(new Error('the test is over'));
    await this.coordinator.close();
    await this.groups.close();
  }
}

describeWithKafka('the primary of a registry whose nodes elect over Kafka', (kafka) => {
  let registry: RegistryProcesses | undefined;
  let client: Client | undefined;
  afterEach(async () => {
    await client?.close();
    await registry?.stop();
  });

  it.each(['karapace', 'confluent'] as const)(
    '%s: is named by the group that the nodes name, and a kill -9 moves the epoch',
    async (vendor) => {
      const { bootstrapServers } = kafka();
      const flags = ['--session-timeout-ms', '6000', ...(vendor === 'karapace' ? ['--primary-wait-ms', '1000'] : [])];
      registry = await RegistryProcesses.start({ bootstrapServers, vendor, nodes: 2, flags });
      const nodes = registry;
      client = new Client(nodes, bootstrapServers);
      const { write, notices } = { write: () => client?.write(), notices: client.notices };
      write();
      const found = client;
      await eventually(
        'the primary',
        () => found.snapshot.epoch?.usableAt !== undefined && found.snapshot.epoch?.usableAt !== null,
      );
      // Nobody told the client the name of the group: the nodes did.
      expect(found.snapshot).toMatchObject({
        ...{ rung: 'group', vendor },
        epoch: { url: nodes.url(0), cause: 'first-seen', memberId: expect.stringMatching(/./) },
      });
      expect(found.snapshot.nodes.map(({ role }) => role)).toEqual(['primary', 'replica']);
      expect(notices).toEqual([]);

      const killedAt = Date.now();
      await nodes.signal(0, 'SIGKILL');
      write();
      await eventually('another primary', () => found.snapshot.epoch?.url === nodes.url(1), 30_000);
      await eventually('one that writes', () => found.snapshot.epoch?.usableAt !== null, 30_000);
      const [second, first] = found.snapshot.epochs;
      expect(second).toMatchObject({ cause: 'group-elected', rung: 'group', number: 2 });
      // The first sign was the failing write, seconds before the group noticed.
      expect((second?.changeBeganAt ?? 0) - killedAt).toBeLessThan(2_000);
      expect((second?.startedAt ?? 0) - killedAt).toBeGreaterThan(2_000);
      expect(first?.endedAt).toBe(second?.startedAt);
      expect(notices).toMatchObject([{ kind: 'changed', epoch: second?.epoch }]);

      await nodes.startNode(0);
      await eventually('the role taken back', () => found.snapshot.epoch?.url === nodes.url(0), 30_000);
      // The same URL, and not the same member.
      expect(found.snapshot.epoch?.memberId).not.toBe(first?.memberId);
      write();
      await eventually('one that writes', () => found.snapshot.epoch?.usableAt !== null, 30_000);
    },
    120_000,
  );
});
