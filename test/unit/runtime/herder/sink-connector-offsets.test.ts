import { describe, expect, it } from 'vitest';
import { parseSinkOffsets } from '../../../../src/runtime/herder/sink-connector-offsets.ts';

const parse = (topic: unknown, partition: unknown, offset: unknown) =>
  parseSinkOffsets([
    { partition: { kafka_topic: topic, kafka_partition: partition }, offset: { kafka_offset: offset } } as never,
  ]);

// As a Kafka Connect 4.1.1 answered.
describe('offsets of a sink', () => {
  it.each([
    [[0], '[0]'],
    [{}, '{}'],
    [{ a: 1 }, '{a=1}'],
    [9e30, '9.0E30'],
    [true, 'true'],
  ])('are no lists, objects or fractions: %j', (value, shown) => {
    expect(() => parse('t', value, 1)).toThrow(
      `Failed to parse the following Kafka partition value in the provided offsets: '${shown}'.`,
    );
    expect(() => parse('t', 0, value)).toThrow(
      `Failed to parse the following Kafka offset value in the provided offsets: '${shown}'.`,
    );
  });

  it('have the topic that Java makes of a list, which there is none of', () => {
    expect(parse(['t'], '0', '1')).toEqual([{ topic: '[t]', partition: 0, offset: 1 }]);
  });
});
