import { expect, it } from 'vitest';
import { writtenClientKeys } from '../../../../src/runtime/config/client-settings.ts';

it('knows under which key each client setting is written: the override of a connector before the prefix of the worker', () => {
  const worker = { 'producer.linger.ms': '1', 'producer.acks': 'all', 'admin.retries': '1', retries: '2' };
  expect(writtenClientKeys(worker, { 'producer.override.acks': 'all', 'consumer.override.a': 'b', x: 'y' })).toEqual({
    producer: { 'linger.ms': 'producer.linger.ms', acks: 'producer.override.acks' },
    consumer: { a: 'consumer.override.a' },
    admin: { retries: 'admin.retries' },
  });
});
