import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import type { ConnectorCall } from '../../../../src/runtime/host/protocol.ts';
import { CallHosts } from '../../../../src/runtime/worker/call-hosts.ts';
import type { HostClient } from '../../../../src/runtime/worker/host-client.ts';

const call = (connector: string): ConnectorCall => ({
  type: 'connector',
  connector,
  instance: 0,
  method: 'validate',
  plugin: { module: 'm', className: 'c' },
  config: {},
});

interface Host {
  isAlive: boolean;
  closed: boolean | null;
  readonly asked: string[];
}

/** Connectors named `hang…` never answer, `die…` take their thread with them. */
function open() {
  const clock = new ManualClock();
  const opened: Host[] = [];
  const closed: unknown[] = [];
  const hosts = new CallHosts({
    clock,
    open: () => {
      const host: Host = { isAlive: true, closed: null, asked: [] };
      opened.push(host);
      const client = {
        get isAlive() {
          return host.isAlive;
        },
        ask: async ({ connector }: { connector: string }) => {
          host.asked.push(connector);
          if (connector.startsWith('hang')) return new Promise(() => {});
          if (connector.startsWith('die')) {
            host.isAlive = false;
            throw new Error('the thread has ended');
          }
          return `answer to ${connector}`;
        },
        close: async (isStuck: boolean) => {
          host.closed = isStuck;
        },
      };
      return client as unknown as HostClient;
    },
    onClosed: (host) => closed.push(host),
  });
  return { clock, opened, closed, hosts };
}

describe('threads for single questions to connectors', () => {
  it('are opened when they are needed, used again, and ended when nobody has asked for a while', async () => {
    const { clock, opened, closed, hosts } = open();
    for (const name of ['a', 'b', 'c']) expect(await hosts.ask(call(name))).toBe(`answer to ${name}`);
    expect(opened.map(({ asked }) => asked)).toEqual([['a', 'b', 'c']]);
    await clock.advance(9_999);
    expect(closed).toHaveLength(0);
    await clock.advance(1);
    expect([closed.length, opened[0]?.closed]).toEqual([1, false]);
    expect(await hosts.ask(call('d'))).toBe('answer to d');
    expect(opened).toHaveLength(2);
  });

  it('are few for many questions at once, each with one at a time', async () => {
    const { opened, hosts } = open();
    const names = Array.from({ length: 40 }, (_, n) => `c${n}`);
    const answers = await Promise.all(names.map((name) => hosts.ask(call(name))));
    expect(answers).toEqual(names.map((name) => `answer to ${name}`));
    expect(opened).toHaveLength(2);
  });

  it('that hang hold up nobody else, and are ended with what hangs in them', async () => {
    const { clock, opened, hosts } = open();
    const hanging = ['hang 1', 'hang 2'].map((name) => hosts.ask(call(name)).catch((error: unknown) => error));
    const other = hosts.ask(call('other'));
    await clock.advance(1_000);
    expect(await other).toBe('answer to other');
    expect(opened.map(({ asked }) => asked)).toEqual([['hang 1'], ['hang 2'], ['other']]);
    await clock.advance(90_000);
    for (const error of await Promise.all(hanging)) {
      expect(error).toMatchObject({
        code: 'holdfast.connector.call-timeout',
        message: expect.stringMatching(/^The validate method of connector hang \d did not return within 90000 ms/),
      });
    }
    expect(opened.map(({ closed }) => closed)).toEqual([true, true, false]);
  });

  it('that died are not asked again, and the end of the worker waits for none', async () => {
    const { opened, hosts } = open();
    await expect(hosts.ask(call('die'))).rejects.toThrow('the thread has ended');
    expect(await hosts.ask(call('after'))).toBe('answer to after');
    void hosts.ask(call('hang')).catch(() => {});
    await hosts.close();
    await expect(hosts.ask(call('too late'))).rejects.toThrow('The worker stops.');
    expect(opened.map(({ asked, closed }) => [asked, closed])).toEqual([
      [['die'], null],
      [['after', 'hang'], true],
    ]);
  });
});
