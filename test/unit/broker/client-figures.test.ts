import { describe, expect, it } from 'vitest';
import { type ClientFigures, onePerClient } from '../../../src/broker/client-figures.ts';

const of = (values: Readonly<Record<string, number>>, startedAt = 5): ClientFigures => ({
  kind: 'consumer',
  clientId: 'c',
  startedAt,
  groups: [{ type: 'consumer-metrics', tags: {}, values }],
});

/** What two clients of one name come to. */
function mergedFigures(a: ClientFigures, b: ClientFigures): ClientFigures {
  const [merged, ...others] = onePerClient([a, b]);
  expect(others).toEqual([]);
  return merged as ClientFigures;
}

describe('figures of two clients that are one in Kafka', () => {
  it('adds totals, keeps extremes, and weighs averages by requests', () => {
    const a = of({ 'request-total': 3, 'request-rate': 3, 'request-size-avg': 10, 'request-size-max': 20 });
    const b = of({ 'request-total': 1, 'request-rate': 1, 'request-size-avg': 50, 'request-size-max': 15 }, 3);
    const { groups, startedAt } = mergedFigures(a, b);
    expect(startedAt).toBe(3);
    expect(groups).toEqual([
      {
        type: 'consumer-metrics',
        tags: {},
        values: { 'request-total': 4, 'request-rate': 4, 'request-size-avg': 20, 'request-size-max': 20 },
      },
    ]);
  });

  it('takes the value of the one that has one', () => {
    const values = mergedFigures(
      of({ 'request-size-avg': Number.NaN, 'reauthentication-latency-max': 4, 'poll-idle-ratio-avg': 0.5 }),
      of({ 'request-size-avg': 7, 'reauthentication-latency-max': Number.NaN, 'committed-time-ns-total': 9 }),
    ).groups[0]?.values;
    expect(values).toEqual({
      'request-size-avg': 7,
      'reauthentication-latency-max': 4,
      'poll-idle-ratio-avg': 0.5,
      'committed-time-ns-total': 9,
    });
  });

  it('keeps groups apart by type and tags', () => {
    const node = (id: string): ClientFigures => ({
      ...of({}),
      groups: [{ type: 'consumer-node-metrics', tags: { 'node-id': id }, values: { 'request-total': 1 } }],
    });
    expect(mergedFigures(node('node-1'), node('node-2')).groups).toHaveLength(2);
    expect(mergedFigures(node('node-1'), node('node-1')).groups[0]?.values).toEqual({ 'request-total': 2 });
  });

  it('leaves clients of different names and kinds apart', () => {
    const all = [of({}), { ...of({}), clientId: 'd' }, { ...of({}), kind: 'producer' as const }];
    expect(onePerClient(all)).toEqual(all);
  });
});
