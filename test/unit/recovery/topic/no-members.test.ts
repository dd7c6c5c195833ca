import { describe, expect, it } from 'vitest';
import type { Admin, GroupDescription, ListedGroup } from '../../../../src/broker/ports.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { assertNoMembers, whileNoMembers } from '../../../../src/recovery/topic/no-members.ts';
import { ConfigError, EnvironmentError } from '../../../../src/sdk/errors/index.ts';

const { signal } = new AbortController();
const groupId = 'schema-registry';

function group(state: GroupDescription['state'], members: readonly string[] = []): GroupDescription {
  return {
    groupId,
    state,
    protocolType: 'sr',
    protocol: 'v0',
    members: members.map((memberId) => ({
      memberId,
      clientId: 'sr-1',
      clientHost: '/10.0.0.7',
      metadata: new Uint8Array(0),
      assignment: new Uint8Array(0),
    })),
  };
}

/** A group that tests change. */
function fakeGroup(first: GroupDescription | Error): {
  now: GroupDescription | Error;
  asked: number;
  readonly admin: Pick<Admin, 'describeGroups' | 'listGroups'>;
} {
  const fake = {
    now: first,
    asked: 0,
    admin: {
      listGroups: async () => [],
      describeGroups: async () => {
        fake.asked++;
        if (fake.now instanceof Error) throw fake.now;
        return [fake.now];
      },
    },
  };
  return fake;
}

describe('that nobody is in the group of the registry', () => {
  it.each(['Empty', 'Dead'] as const)('is so in the state %s without members', async (state) => {
    await assertNoMembers({ admin: fakeGroup(group(state)).admin, groupId }, signal);
  });

  it.each(['Stable', 'PreparingRebalance', 'CompletingRebalance', 'Unknown'] as const)(
    'is not so in the state %s',
    async (state) => {
      const { admin } = fakeGroup(group(state));
      await expect(assertNoMembers({ admin, groupId }, signal)).rejects.toMatchObject({
        code: 'holdfast.recovery.registry-running',
        message: expect.stringContaining(`state ${state}`),
      });
    },
  );

  it('names the members, where they are, and what to do', async () => {
    const { admin } = fakeGroup(group('Stable', ['a-1', 'b-2', 'c-3', 'd-4', 'e-5', 'f-6', 'g-7']));
    await expect(assertNoMembers({ admin, groupId }, signal)).rejects.toThrow(
      /'schema-registry' has 7 members .* Stable \(a-1 at 10\.0\.0\.7, .*e-5 at 10\.0\.0\.7, 2 more\)\. Stop every node/,
    );
  });

  it('is not taken for granted where one may not ask', async () => {
    const { admin } = fakeGroup(new ConfigError('not allowed to describe the group'));
    await expect(assertNoMembers({ admin, groupId }, signal)).rejects.toThrow('not allowed');
  });
});

describe('other groups of registries', () => {
  const others = (listed: readonly ListedGroup[] | Error) => ({
    groupId,
    admin: {
      listGroups: async () => {
        if (listed instanceof Error) throw listed;
        return listed;
      },
      describeGroups: async (ids: readonly string[]) =>
        ids.map((id) => ({
          ...(id === 'my-registry' || id === 'a-sink' ? group('Stable', ['a']) : group('Empty')),
          groupId: id,
        })),
    },
  });
  const running = { groupId: 'my-registry', protocolType: 'sr' };

  it('are refused with members: the group id may be a wrong one', async () => {
    await expect(
      assertNoMembers(others([{ groupId: 'stopped', protocolType: 'sr' }, running]), signal),
    ).rejects.toMatchObject({
      code: 'holdfast.recovery.registry-running',
      message: expect.stringMatching(
        /'my-registry' has 1 member.*--group-id my-registry.*--other-group-ok my-registry/,
      ),
    });
  });

  it('are no hindrance without members, of another type, or if it was said so', async () => {
    const sink = { groupId: 'a-sink', protocolType: 'consumer' };
    await assertNoMembers(others([{ groupId: 'stopped', protocolType: 'sr' }, sink]), signal);
    for (const ok of ['my-registry', '*']) {
      await assertNoMembers({ ...others([running]), otherGroupsOk: [ok] }, signal);
    }
    await expect(assertNoMembers({ ...others([running]), otherGroupsOk: ['another'] }, signal)).rejects.toThrow(
      'my-registry',
    );
  });

  it('are told not to have been looked for where one may not list them', async () => {
    const told: string[] = [];
    const onNotListed = (error: ConfigError): void => void told.push(error.message);
    await assertNoMembers({ ...others(new ConfigError('not allowed')), onNotListed }, signal);
    expect(told).toEqual(['not allowed']);
    const away = others(new EnvironmentError('away'));
    await expect(assertNoMembers({ ...away, onNotListed }, signal)).rejects.toThrow('away');
  });
});

describe('work while nobody is in the group', () => {
  it('does not begin while there are members', async () => {
    const fake = fakeGroup(group('Stable', ['a']));
    let began = false;
    const done = whileNoMembers({ ...fake, groupId, clock: new ManualClock() }, signal, async () => {
      began = true;
    });
    await expect(done).rejects.toMatchObject({ code: 'holdfast.recovery.registry-running' });
    expect(began).toBe(false);
  });

  it('ends as soon as a member is seen, with the reason', async () => {
    const fake = fakeGroup(group('Empty'));
    const clock = new ManualClock();
    let ended: unknown;
    const done = whileNoMembers({ ...fake, groupId, clock }, signal, (within) => {
      return new Promise((_, reject) => {
        within.addEventListener('abort', () => {
          ended = within.reason;
          reject(new Error('given up'));
        });
      });
    });
    done.catch(() => {});
    await clock.advance(20_000);
    expect(ended).toBeUndefined();
    fake.now = group('PreparingRebalance', ['karapace-1']);
    await clock.advance(5_000);
    expect(ended).toMatchObject({ code: 'holdfast.recovery.registry-running' });
    await expect(done).rejects.toThrow('karapace-1 at 10.0.0.7');
    expect(clock.pendingTimers).toBe(0);
  });

  it('is not good if a member joined before it ended', async () => {
    const fake = fakeGroup(group('Empty'));
    const clock = new ManualClock();
    const done = whileNoMembers({ ...fake, groupId, clock }, signal, async () => {
      fake.now = group('Stable', ['a']);
    });
    await expect(done).rejects.toMatchObject({ code: 'holdfast.recovery.registry-running' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('goes on while the broker does not answer, and gives back its result', async () => {
    const fake = fakeGroup(group('Empty'));
    const clock = new ManualClock();
    const done = whileNoMembers({ ...fake, groupId, clock }, signal, async (within) => {
      await clock.sleep(12_000, within);
      return 'restored';
    });
    await clock.advance(1_000);
    fake.now = new EnvironmentError('away');
    await clock.advance(10_000);
    expect(fake.asked).toBe(3);
    fake.now = group('Dead');
    await clock.advance(2_000);
    expect(await done).toBe('restored');
  });

  it('throws what it throws', async () => {
    const fake = fakeGroup(group('Empty'));
    const clock = new ManualClock();
    const done = whileNoMembers({ ...fake, groupId, clock }, signal, () => Promise.reject(new Error('no space')));
    await expect(done).rejects.toThrow('no space');
    expect(clock.pendingTimers).toBe(0);
  });
});
