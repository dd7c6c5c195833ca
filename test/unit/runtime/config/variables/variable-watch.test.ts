import { afterEach, describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../../src/foundation/manual-clock.ts';
import { ConfigVariables } from '../../../../../src/runtime/config/variables/config-variables.ts';
import { VariableWatch } from '../../../../../src/runtime/config/variables/variable-watch.ts';
import { FakeProvider } from './fake-provider.ts';

let opened: VariableWatch | null = null;
afterEach(() => opened?.close());

function open() {
  const clock = new ManualClock();
  const provider = new FakeProvider();
  provider.values = { '/f': { a: 'a-1', b: 'b-1' } };
  provider.ttlMs = 5_000;
  const { logger, lines } = recordingLogger('info');
  const variables = new ConfigVariables({ providers: new Map([['p', provider]]), logger });
  const restarted: string[] = [];
  const use = async (connector: string, ...keys: string[]): Promise<void> => {
    const { found } = await variables.resolve(Object.fromEntries(keys.map((key) => [key, `\${p:/f:${key}}`])));
    watch.use(connector, found);
  };
  const watch = new VariableWatch({
    variables,
    clock,
    logger,
    restart: async (connector) => {
      restarted.push(connector);
      await use(connector, connector === 'both' ? 'a' : connector, ...(connector === 'both' ? ['b'] : []));
    },
  });
  opened = watch;
  const pass = (ms: number): Promise<void> => clock.advance(ms);
  return { clock, provider, watch, lines, restarted, use, pass };
}

describe('VariableWatch', () => {
  it('restarts what uses a changed value, once, and nothing while values are the same', async () => {
    const { provider, restarted, use, pass } = open();
    await use('a', 'a');
    await use('b', 'b');
    await use('both', 'a', 'b');
    await pass(60_000);
    expect(restarted).toEqual([]);
    expect(provider.asked.length).toBeGreaterThan(10);
    provider.values = { '/f': { a: 'a-2', b: 'b-1' } };
    await pass(5_000);
    // Read again before anything is restarted.
    expect(restarted).toEqual([]);
    await pass(1_000);
    expect(restarted).toEqual(['a', 'both']);
    await pass(60_000);
    expect(restarted).toEqual(['a', 'both']);
  });

  it('asks nothing without a time to live, after the last user is gone, and after close', async () => {
    const { provider, watch, use, pass, clock } = open();
    provider.ttlMs = undefined;
    await use('a', 'a');
    provider.asked.length = 0;
    await pass(600_000);
    expect(provider.asked).toEqual([]);
    provider.ttlMs = 1_000;
    await use('a', 'a');
    await pass(1_000);
    expect(provider.asked).toHaveLength(2);
    watch.forget('a');
    await pass(60_000);
    expect(provider.asked).toHaveLength(2);
    await use('b', 'b');
    watch.close();
    await pass(60_000);
    expect(provider.asked).toHaveLength(3);
    expect(clock.pendingTimers).toBe(0);
  });

  it('restarts nothing for what can not be read or is gone for a moment, and says so once', async () => {
    const { provider, restarted, use, pass, lines } = open();
    await use('a', 'a');
    provider.failure = new Error('EACCES');
    await pass(20_000);
    provider.failure = null;
    provider.values = { '/f': { b: 'b-1' } };
    await pass(20_000);
    expect(restarted).toEqual([]);
    expect(lines.map(({ level }) => level)).toEqual(['warn']);
    expect(lines[0]?.fields).toMatchObject({ provider: 'p', path: '/f', reason: 'EACCES' });
    provider.values = { '/f': { a: 'a-1' } };
    await pass(5_000);
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'info']);
    provider.values = { '/f': { a: 'a-9' } };
    await pass(6_000);
    expect(restarted).toEqual(['a']);
  });

  it('waits for a value that is still being written', async () => {
    const { provider, restarted, use, pass } = open();
    await use('a', 'a');
    provider.values = { '/f': { a: 'half' } };
    await pass(5_000);
    provider.values = { '/f': { a: 'half-and-whole' } };
    await pass(1_000);
    expect(restarted).toEqual([]);
    await pass(1_000);
    expect(restarted).toEqual(['a']);
  });

  it('goes by what a provider tells, where it can be subscribed to', async () => {
    const { provider, watch, restarted, use, pass } = open();
    provider.ttlMs = undefined;
    await use('a', 'a');
    expect([...provider.subscriptions.keys()]).toEqual(['/f']);
    provider.values = { '/f': { a: 'a-2' } };
    provider.subscriptions.get('/f')?.();
    provider.subscriptions.get('/f')?.();
    await pass(1_000);
    await pass(1_000);
    expect(restarted).toEqual(['a']);
    watch.forget('a');
    expect(provider.subscriptions.size).toBe(0);
  });

  it('tries again when a restart was not possible', async () => {
    const clock = new ManualClock();
    const provider = new FakeProvider();
    provider.values = { '': { k: '1' } };
    provider.ttlMs = 1_000;
    const { logger, lines } = recordingLogger('error');
    const variables = new ConfigVariables({ providers: new Map([['p', provider]]), logger });
    let tries = 0;
    opened = new VariableWatch({
      variables,
      clock,
      logger,
      restart: async () => {
        tries++;
        throw new Error('busy');
      },
    });
    opened.use('c', (await variables.resolve({ a: `\${p:k}` })).found);
    provider.values = { '': { k: '2' } };
    await clock.advance(2_000);
    await clock.advance(2_000);
    expect(tries).toBe(2);
    expect(lines).toHaveLength(2);
  });
});
