import { afterEach, expect, it } from 'vitest';
import { createEmbeddedBroker } from '../../../src/broker/embedded/embedded-broker.ts';
import type { Broker, GroupGeneration, GroupProtocol, ProtocolMember } from '../../../src/broker/ports.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { uniqueName } from '../../support/unique-name.ts';
import { eventually } from '../../support/worker-process.ts';
import { openBroker } from './kafka-tools.ts';

/** The leader tells everybody who is there. */
class RollCall implements GroupProtocol {
  readonly type = 'roll-call';
  readonly heard: string[] = [];
  readonly generations: GroupGeneration[] = [];
  private readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  async offer() {
    return [{ name: 'v7', metadata: Buffer.from(this.name) }];
  }

  async assign(protocol: string, members: Parameters<GroupProtocol['assign']>[1]) {
    const names = members.map(({ metadata }) => metadata.toString()).sort();
    return new Map(members.map(({ memberId }) => [memberId, Buffer.from(`${protocol} ${names.join(' ')}`)]));
  }

  async onJoined(generation: GroupGeneration) {
    this.generations.push(generation);
    this.heard.push(generation.assignment.toString());
  }

  async onRevoked() {
    this.heard.push('revoked');
  }

  async onLost() {
    this.heard.push('lost');
  }

  onFailed() {}
}

describeWithKafka('members of a group of another protocol than that of consumers', (kafka) => {
  let broker: Broker | undefined;
  afterEach(() => broker?.close());

  const settings = { 'session.timeout.ms': '6000', 'heartbeat.interval.ms': '200' };
  const join = (groupId: string, name: string): { readonly member: ProtocolMember; readonly protocol: RollCall } => {
    broker ??= openBroker(kafka().bootstrapServers);
    const protocol = new RollCall(name);
    const member = broker.protocolMember({ groupId, protocol, settings, logger: silentLogger });
    member.start();
    return { member, protocol };
  };

  it('join, hand out, hear of each other, and are confirmed by every heartbeat', async () => {
    const groupId = uniqueName('roll-call');
    const a = join(groupId, 'a');
    expect(a.member.confirmedAt).toBeNull();
    await eventually('a alone', () => a.protocol.heard.at(-1) === 'v7 a');
    const first = a.member.confirmedAt ?? Number.NaN;
    expect(first).toBeLessThanOrEqual(systemClock.monotonic());
    await eventually('a heartbeat', () => (a.member.confirmedAt ?? 0) > first);
    const b = join(groupId, 'b');
    await eventually('both', () => [a, b].every(({ protocol }) => protocol.heard.at(-1) === 'v7 a b'));
    expect(a.protocol.heard).toEqual(['v7 a', 'revoked', 'v7 a b']);
    const admin = broker?.admin({ settings: {}, logger: silentLogger });
    const [group] = (await admin?.describeGroups([groupId])) ?? [];
    expect(group).toMatchObject({ state: 'Stable', protocolType: 'roll-call', protocol: 'v7' });
    expect(group?.members.map(({ assignment }) => Buffer.from(assignment).toString())).toEqual(['v7 a b', 'v7 a b']);

    // One that ends without a word is missed after its session, one that says goodbye at once.
    await b.member.close({ leaves: false });
    expect(b.member.confirmedAt).toBeNull();
    const [after] = (await admin?.describeGroups([groupId])) ?? [];
    expect(after?.members).toHaveLength(2);
    await eventually('b missed', () => a.protocol.heard.at(-1) === 'v7 a');
    const c = join(groupId, 'c');
    await eventually('c', () => a.protocol.heard.at(-1) === 'v7 a c');
    await c.member.close();
    await eventually('c gone', () => a.protocol.heard.at(-1) === 'v7 a', 3_000);
  });
});

it('are refused by the embedded broker, which nobody else could join', async () => {
  const embedded = await createEmbeddedBroker({ dir: tempDir('embedded'), logger: silentLogger });
  expect(() =>
    embedded.protocolMember({ groupId: 'g', protocol: new RollCall('a'), settings: {}, logger: silentLogger }),
  ).toThrow(expect.objectContaining({ code: 'holdfast.broker.embedded.unsupported' }));
  await embedded.close();
});
