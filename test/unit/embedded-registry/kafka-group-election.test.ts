import { expect, it } from 'vitest';
import type { Broker, GroupProtocol, ProtocolMemberOptions } from '../../../src/broker/ports.ts';
import { elect, encodeAssignment, type NodeIdentity } from '../../../src/embedded-registry/election-protocol.ts';
import { KafkaGroupElection } from '../../../src/embedded-registry/kafka-group-election.ts';
import type { Assignment } from '../../../src/embedded-registry/primary-election.ts';
import { type RegistryVendor, vendorProfiles } from '../../../src/embedded-registry/vendor-profile.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';

const identity = (port: number): NodeIdentity => ({ scheme: 'http', host: 'h', port, isEligible: true });
const SELF = 'http://h:1';

function join(vendor: RegistryVendor) {
  const clock = new ManualClock();
  const member = { confirmedAt: 0 as number | null, leaves: undefined as boolean | undefined };
  let options: ProtocolMemberOptions | undefined;
  const broker = {
    protocolMember: (given: ProtocolMemberOptions) => {
      options = given;
      return {
        start: () => {},
        get confirmedAt() {
          return member.confirmedAt;
        },
        close: async ({ leaves }: { leaves: boolean }) => {
          member.leaves = leaves;
        },
      };
    },
  } as unknown as Broker;
  const election = new KafkaGroupElection({
    ...{ broker, groupId: 'g', identity: identity(1), profile: vendorProfiles[vendor], clock, logger: silentLogger },
    ...{ sessionTimeoutMs: 10_000, heartbeatIntervalMs: 3_000, rebalanceTimeoutMs: 30_000, onFailed: () => {} },
  });
  const told: Assignment[] = [];
  election.join(SELF, (assignment) => told.push(assignment));
  const protocol: GroupProtocol = election;
  let generation = 0;
  const assign = (...ports: readonly number[]): Promise<void> => {
    const members = ports.map((port) => ({ memberId: `m${port}`, identity: identity(port) }));
    member.confirmedAt = clock.monotonic();
    return protocol.onJoined({
      ...{ generationId: ++generation, memberId: 'm1', isLeader: false, protocol: 'v0' },
      assignment: Buffer.from(encodeAssignment(vendor, elect(vendor, members))),
    });
  };
  return { clock, member, election, told, protocol, assign, options: () => options };
}

it('offers the vendor’s identity and joins with the settings it was given', async () => {
  const { options, protocol } = join('confluent');
  expect(options()?.settings).toMatchObject({ 'session.timeout.ms': '10000', 'heartbeat.interval.ms': '3000' });
  expect(protocol.type).toBe('sr');
  const [offered] = await protocol.offer();
  expect(offered?.name).toBe('v0');
  expect(JSON.parse(Buffer.from(offered?.metadata ?? []).toString())).toMatchObject({ host: 'h', port: 1 });
});

it('is no primary once the coordinator has not confirmed it for a session, and is one again when it has', async () => {
  const { clock, member, election, assign } = join('karapace');
  await assign(1, 2);
  expect(election.primary).toBe(SELF);
  await clock.advance(9_999);
  expect(election.primary).toBe(SELF);
  await clock.advance(1);
  expect(election.primary).toBeNull();
  member.confirmedAt = clock.monotonic();
  expect(election.primary).toBe(SELF);
  member.confirmedAt = null;
  expect(election.primary).toBeNull();
});

it('keeps another primary in mind however long the coordinator is silent', async () => {
  const { clock, election, assign } = join('karapace');
  await assign(0, 1);
  await clock.advance(60_000);
  expect(election.primary).toBe('http://h:0');
});

it('Confluent forgets the primary when a rebalance begins, Karapace when another is named, both when they are thrown out', async () => {
  for (const [vendor, during] of [
    ['confluent', null],
    ['karapace', 'http://h:0'],
  ] as const) {
    const { election, protocol, assign, told } = join(vendor);
    await assign(0, 1);
    await protocol.onRevoked();
    expect([election.state, election.primary]).toEqual(['PreparingRebalance', during]);
    await assign(0, 1);
    expect(told.map(({ isNew }) => isNew)).toEqual([true, vendor === 'confluent']);
    await protocol.onLost();
    expect(election.primary).toBeNull();
  }
});

it('nobody is the primary of nodes with one URL', async () => {
  const { election, protocol } = join('confluent');
  const metadata = Buffer.from((await protocol.offer())[0]?.metadata ?? []);
  const assignments = await protocol.assign('v0', [
    { memberId: 'a', groupInstanceId: null, metadata },
    { memberId: 'b', groupInstanceId: null, metadata },
  ]);
  const assignment = Buffer.from(assignments.get('a') ?? []);
  expect(assignments.get('b')).toEqual(assignments.get('a'));
  await protocol.onJoined({ generationId: 1, memberId: 'a', isLeader: true, protocol: 'v0', assignment });
  expect(election.primary).toBeNull();
});

it('Confluent leaves the group when it ends, Karapace does not', async () => {
  for (const [vendor, leaves] of [
    ['confluent', true],
    ['karapace', false],
  ] as const) {
    const { election, member } = join(vendor);
    await election.ended();
    expect(member.leaves).toBe(leaves);
  }
});
