import type { Admin, Broker, GroupDescription } from '../../../src/broker/ports.ts';

/** That broker, at which so many nodes of a registry are in the group. */
export function brokerWithMembers(broker: Broker, groupId: string, members: () => number): Broker {
  const describe = (): GroupDescription => ({
    ...{ groupId, protocolType: 'sr', protocol: 'v0', state: members() === 0 ? 'Empty' : 'Stable' },
    members: Array.from({ length: members() }, (_, n) => ({
      ...{ memberId: `sr-${n}`, clientId: 'sr', clientHost: '/10.0.0.7' },
      ...{ metadata: new Uint8Array(0), assignment: new Uint8Array(0) },
    })),
  });
  const admin = (of: Admin): Admin =>
    changed(of, {
      describeGroups: async (ids, signal) => {
        const described = await of.describeGroups(ids, signal);
        return described.map((each) => (each.groupId === groupId ? describe() : each));
      },
      listGroups: async (signal) => [...(await of.listGroups(signal)), { groupId, protocolType: 'sr' }],
    });
  return changed(broker, { admin: (client) => admin(broker.admin(client)) });
}

/** The same, but for these. */
export function changed<T extends object>(of: T, own: Partial<T>): T {
  return new Proxy(of, {
    get: (target, name) => {
      if (name in own) return own[name as keyof T];
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
