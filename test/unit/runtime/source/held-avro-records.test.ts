import { describe, expect, it } from 'vitest';
import { AvroConverter } from '../../../../src/converters/avro/avro-converter.ts';
import { type Acknowledgement, NoPrimaryKnowledge } from '../../../../src/registry/registry-knowledge.ts';
import { SchemaBuilder, Schemas, Struct } from '../../../../src/sdk/data/index.ts';
import { IntegrityError } from '../../../../src/sdk/errors/index.ts';
import { SourceRecord } from '../../../../src/sdk/record/source-record.ts';
import { primaryEpoch } from '../../../support/primary-epochs.ts';
import { contextFor } from '../../converters/converter-context.ts';
import { avro, NODE_A, WorkerOfRegistries } from '../../registry/worker-of-registries.ts';
import { sourceHarness } from './source-harness.ts';

const SCHEMA = SchemaBuilder.struct().name('shop.Order').field('id', Schemas.INT32).build();

class TestKnowledge extends NoPrimaryKnowledge {
  present = 'one';

  override epoch(): string {
    return this.present;
  }

  override isSuspect(acknowledgement?: Acknowledgement): boolean {
    return acknowledgement !== undefined && acknowledgement.epoch !== this.present;
  }
}

/** A source task with Avro values whose registry changes its primary while Kafka is away. */
function openTask() {
  const knowledge = new TestKnowledge();
  const worker = new WorkerOfRegistries({ knowledge });
  const h = sourceHarness();
  const converter = new AvroConverter();
  const config = { 'schema.registry.url': NODE_A, 'registry.refresh.interval.ms': '0', 'registry.barrier': 'off' };
  const view = worker.host().schemaView(config, undefined, {
    recall: () => h.signals.recall(),
    stop: (error) => h.signals.stop(error),
  });
  converter.configure(config, contextFor('value', { view }));
  Object.assign(h.converters.value, { converter });
  const epoch = (name: string) => primaryEpoch({ epoch: name, memberId: name });
  const change = (): void => {
    knowledge.present = 'two';
    worker.changed({ epoch: epoch('two'), previous: epoch('one'), suspectSince: 0 });
  };
  const advance = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 500) {
      await worker.clock.advance(500);
      await h.clock.advance(500);
    }
  };
  const feed = (from: number, to: number): void => {
    h.task.add(
      Array.from({ length: to - from }, (_, n) => {
        const id = from + n;
        const value = new Struct(SCHEMA).put('id', id);
        return new SourceRecord({
          sourcePartition: { file: 'a' },
          sourceOffset: { position: id },
          topic: 'orders',
          valueSchema: SCHEMA,
          value,
        });
      }),
    );
  };
  const written = (): string[] =>
    h.producer.log.map(({ value }) => {
      const bytes = Buffer.from(value ?? []);
      // A zigzag varint of one byte.
      return `id ${bytes.readInt32BE(1)}: order ${(bytes[5] ?? 0) / 2}`;
    });
  return { worker, h, change, advance, feed, written };
}

describe('Avro records that wait for Kafka while the registry changes its primary', () => {
  it('invariant 5: are held until the new primary has given the id back, or the registration that it lost was made again', async () => {
    const { worker, h, change, advance, feed, written } = openTask();
    h.producer.isHolding = true;
    const done = h.run();
    feed(0, 2);
    await advance(2_000);
    expect(h.producer.held).toHaveLength(1);
    // The registration is lost: it was acknowledged by a primary that was none any more.
    worker.registry.schemas.clear();
    worker.registry.subjects.clear();
    worker.registry.nextId = 1;
    h.producer.isHolding = false;
    change();
    feed(2, 4);
    // Taken back from the producer, and nothing handed over before somebody knows the id.
    expect(h.producer.held).toEqual([]);
    for (let at = 0; at < 120_000 && worker.registry.schemas.size === 0; at += 500) {
      expect(written()).toEqual([]);
      await advance(500);
    }
    await advance(20_000);
    expect(written()).toEqual(['id 1: order 0', 'id 1: order 1', 'id 1: order 2', 'id 1: order 3']);
    h.worker.stop();
    expect((await done).failure).toBeNull();
    expect(h.storedOffset()).toEqual({ position: 3 });
  });

  it('invariant 6: are not written when the registration was lost and the schema has another id now', async () => {
    const { worker, h, change, advance, feed, written } = openTask();
    h.producer.isHolding = true;
    const done = h.run();
    feed(0, 2);
    await advance(2_000);
    worker.registry.schemas.clear();
    worker.registry.subjects.clear();
    worker.registry.nextId = 5;
    h.producer.isHolding = false;
    change();
    await advance(120_000);
    const { failure } = await done;
    // No record carries it, so none is named; after a restart the task writes with the new id.
    expect(failure).toMatchObject({
      code: 'holdfast.registry.id.lost',
      message: expect.not.stringContaining('of this task'),
    });
    expect(written()).toEqual([]);
    expect(h.storedOffset()).toBeUndefined();
  });

  it('invariant 6: are not written at all when the id means another schema by now, and the task stops', async () => {
    const { worker, h, change, advance, feed, written } = openTask();
    const done = h.run();
    feed(0, 2);
    await advance(2_000);
    h.producer.isHolding = true;
    feed(2, 4);
    await advance(2_000);
    expect(h.producer.held).toHaveLength(1);
    const [id = -1] = worker.registry.schemas.keys();
    worker.registry.subjects.clear();
    worker.registry.put('other', { schema: avro('other').schema }, id);
    change();
    await advance(120_000);
    const { failure } = await done;
    expect(failure).toBeInstanceOf(IntegrityError);
    expect(failure?.message).toMatch(/Records of this task that carry it: orders-0 offsets 0 to 1\.$/);
    expect(written()).toEqual([`id ${id}: order 0`, `id ${id}: order 1`]);
    expect(h.storedOffset()).toEqual({ position: 1 });
  });
});
