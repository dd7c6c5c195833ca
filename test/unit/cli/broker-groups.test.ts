import { expect, it } from 'vitest';
import type { Admin, Broker, ClientOptions, GroupDescription } from '../../../src/broker/ports.ts';
import { BrokerGroups } from '../../../src/cli/broker-groups.ts';
import { ConfigError } from '../../../src/sdk/errors/index.ts';

const signal = new AbortController().signal;
const described = { groupId: 'g', state: 'Stable', protocolType: 'sr', protocol: 'v0', members: [] } as const;

function groups(admin: Partial<Admin>) {
  const made: ClientOptions[] = [];
  const broker = {
    admin: (options: ClientOptions) => {
      made.push(options);
      return admin as Admin;
    },
  } as Broker;
  return { groups: new BrokerGroups({ broker, settings: { 'bootstrap.servers': 'k:9092' } }), made };
}

it('describes a group, and tells whose it is', async () => {
  const asked: unknown[] = [];
  const { groups: port, made } = groups({
    describeGroups: async (ids, given) => {
      asked.push(ids, given);
      return [described as GroupDescription];
    },
    describeCluster: async () => ({ clusterId: 'kafka-1', brokers: 3 }),
  });
  expect(await port.describe('g', signal)).toBe(described);
  expect(asked).toEqual([['g'], signal]);
  expect(await port.clusterId(signal)).toBe('kafka-1');
  expect(made.map(({ settings }) => settings)).toEqual([{ 'bootstrap.servers': 'k:9092' }]);
});

it('passes on that it is not allowed, which is no outage', async () => {
  const refusal = new ConfigError('not authorized');
  const { groups: port } = groups({ describeGroups: () => Promise.reject(refusal) });
  await expect(port.describe('g', signal)).rejects.toBe(refusal);
});

it('takes an empty answer for none', async () => {
  const { groups: port } = groups({ describeGroups: async () => [] });
  await expect(port.describe('g', signal)).rejects.toThrow('did not describe group g');
});

it('closes its client', async () => {
  let closed = 0;
  const { groups: port } = groups({ close: async () => void closed++ });
  await port.close();
  expect(closed).toBe(1);
});
