import { expect, it } from 'vitest';
import { RegistryUnavailableError } from '../../../src/registry/registry-errors.ts';
import { WaitingLimits } from '../../../src/registry/waiting-limits.ts';
import { ConfigError, DataError, IntegrityError } from '../../../src/sdk/errors/index.ts';

const cause = new RegistryUnavailableError('Waiting for the registry.', { gateId: 'registry:x:read' });
const limits = (action: string, parkTimeoutMs = Number.POSITIVE_INFINITY): WaitingLimits =>
  new WaitingLimits({ parkTimeoutMs, unknownId: { action, timeoutMs: 600 } });

it('sets no limit by default, not even for an id from the future', () => {
  expect(limits('wait').limitOf(100, false)).toBeNull();
  expect(limits('wait').limitOf(100, true)).toBeNull();
  expect(limits('fail').limitOf(100, false)).toBeNull();
});

it('gives up at the park timeout with an error of the settings that tells the limit and its cause', () => {
  for (const fromFuture of [false, true]) {
    const limit = limits('wait', 5000).limitOf(100, fromFuture);
    expect(limit?.at).toBe(5100);
    const error = limit?.error(cause);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error?.code).toBe('holdfast.registry.park-timeout');
    expect(error?.message).toContain('registry.park.timeout.ms=5000. Waiting for the registry.');
    expect(error?.cause).toBe(cause);
  }
});

it('gives up on an id from the future as the settings say: as bad data, or as lost', () => {
  for (const [action, kind] of [
    ['report', DataError],
    ['fail', IntegrityError],
  ] as const) {
    const limit = limits(action).limitOf(100, true);
    expect(limit?.at).toBe(700);
    const error = limit?.error(cause);
    expect(error).toBeInstanceOf(kind);
    expect(error?.code).toBe('holdfast.registry.id.from-future');
    expect(error?.message).toContain('unknown.id.timeout.ms=600. Waiting for the registry.');
    expect(error?.cause).toBe(cause);
  }
});

it('takes the earlier of two limits, and that of the id when both come at once', () => {
  const codeOf = (parkTimeoutMs: number, fromFuture: boolean): unknown => {
    const limit = limits('report', parkTimeoutMs).limitOf(100, fromFuture);
    return [limit?.at, limit?.error(cause).code];
  };
  expect(codeOf(500, true)).toEqual([600, 'holdfast.registry.park-timeout']);
  expect(codeOf(600, true)).toEqual([700, 'holdfast.registry.id.from-future']);
  expect(codeOf(5000, true)).toEqual([700, 'holdfast.registry.id.from-future']);
  expect(codeOf(5000, false)).toEqual([5100, 'holdfast.registry.park-timeout']);
});

it('asks again for an id that is only late, as it may turn out to be lost, every 5 s at most', () => {
  const at = (now: number, action = 'report', gate = 'registry:x:id:7', fromFuture = false): number =>
    new WaitingLimits({ parkTimeoutMs: 1, unknownId: { action, timeoutMs: 60_000 } }).askAgainAt(
      100,
      now,
      gate,
      fromFuture,
    );
  expect(at(100)).toBe(60_100);
  expect(at(55_100)).toBe(60_100);
  expect(at(60_000)).toBe(65_000);
  expect(at(100, 'wait')).toBe(Number.POSITIVE_INFINITY);
  expect(at(100, 'report', 'registry:x:read')).toBe(Number.POSITIVE_INFINITY);
  expect(at(100, 'report', 'registry:x:subject:a:id:b')).toBe(Number.POSITIVE_INFINITY);
  expect(at(100, 'report', 'registry:x:id:.europe:7')).toBe(60_100);
  expect(at(100, 'report', 'registry:x:id:7', true)).toBe(Number.POSITIVE_INFINITY);
});
