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
function open(refuse: () => boolean = () => false) {
  const clock = new ManualClock();
  const opened: Host[] = [];
  const closed: unknown[] = [];
  const hosts = new CallHosts({
    clock,
    open: () => {
      if (refuse()) throw new Error('ERR_WORKER_INIT_FAILED');
      const host: Host = { isAlive: true, closed: null, asked: [] };
      opened.push(host);
      const client = {
        get isAlive() {
          return host.isAlive;
        },
        ask: async ({ connector }: { connector: string }) => {
          if (host.closed !== null) throw new Error('The task host has ended.');
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

function failure(asked: Promise<unknown>): Promise<unknown> {
  return asked.catch((error: unknown) => error);
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

  it('name a plugin that hangs there with the connector that names it, and without', async () => {
    const { clock, hosts } = open();
    const plugin = { module: 'm', className: 'com.x.Smt' };
    const about = {
      method: 'describe',
      kind: 'transformation',
      prefix: '',
      part: null,
      framework: {},
      config: null,
      plugin,
    } as const;
    const asked = [
      { connector: 'hang c', named: 'transforms.a.config' },
      { connector: 'hang C', named: 'config', plugin: { ...plugin, className: 'hang C' } },
    ].map((each) => failure(hosts.ask({ type: 'connector', instance: 0, ...about, ...each })));
    await clock.advance(90_000);
    expect((await Promise.all(asked)).map((error) => (error as Error).message)).toEqual([
      'The config method of the transformation com.x.Smt (transforms.a.config of connector hang c) did not return within 90000 ms. Its thread was ended.',
      'The config method of the transformation hang C did not return within 90000 ms. Its thread was ended.',
    ]);
  });

  it('that were ended are replaced for whoever waits', async () => {
    const { clock, opened, hosts } = open();
    const hanging = Array.from({ length: 8 }, (_, n) => failure(hosts.ask(call(`hang ${n}`))));
    await clock.advance(89_500);
    const later = failure(hosts.ask(call('later')));
    await clock.advance(500);
    expect(await later).toBe('answer to later');
    await clock.advance(10_000);
    for (const error of await Promise.all(hanging))
      expect(error).toMatchObject({ message: expect.stringMatching(/hang \d did not return/) });
    expect(opened.map(({ asked }) => asked.length)).toEqual(Array.from({ length: 9 }, () => 1));
  });

  it('are eight at most; whoever gets none is told which connectors hang', async () => {
    const { clock, opened, hosts } = open();
    for (let n = 0; n < 8; n += 1) {
      void failure(hosts.ask(call(`hang ${n}`)));
      await clock.advance(n === 0 ? 0 : 5_000);
    }
    // Opened when their turn came; none has been there for 90 seconds when those who wait have.
    const waiting = Array.from({ length: 100 }, (_, n) => failure(hosts.ask(call(`hang more ${n}`))));
    for (let second = 0; second < 90; second += 1) {
      await clock.advance(1_000);
      expect(opened.filter(({ closed }) => closed === null).length).toBeLessThanOrEqual(8);
    }
    const errors = await Promise.all(waiting.slice(50));
    for (const error of errors) {
      expect(error).toMatchObject({
        code: 'holdfast.connector.call-timeout',
        message: expect.stringMatching(
          /^The validate method of connector hang more \d+ was not called: none of the 8 threads .* hang more 0 \(validate\), /,
        ),
      });
    }
    await hosts.close();
    expect(opened.filter(({ closed }) => closed === null)).toEqual([]);
  });

  it('that cannot be had fail those who need one, and nothing else', async () => {
    let isRefused = false;
    const { clock, hosts } = open(() => isRefused);
    const hanging = ['hang 1', 'hang 2'].map((name) => failure(hosts.ask(call(name))));
    isRefused = true;
    const waiting = ['a', 'b'].map((name) => failure(hosts.ask(call(name))));
    await clock.advance(1_000);
    expect(await waiting[0]).toMatchObject({ message: 'ERR_WORKER_INIT_FAILED' });
    isRefused = false;
    await clock.advance(1_000);
    expect(await waiting[1]).toBe('answer to b');
    await clock.advance(90_000);
    for (const error of await Promise.all(hanging))
      expect(error).toMatchObject({ message: expect.stringMatching(/did not return/) });
  });

  it('are not asked what was given up, and end with what was given up in them', async () => {
    const { clock, opened, hosts } = open();
    const cancel = [new AbortController(), new AbortController()];
    const running = failure(hosts.ask(call('hang 1'), cancel[0]?.signal));
    void failure(hosts.ask(call('hang 2')));
    const waits = failure(hosts.ask(call('given up'), cancel[1]?.signal));
    cancel[1]?.abort(new Error('another request'));
    expect(await waits).toMatchObject({ message: 'another request' });
    cancel[0]?.abort(new Error('no more'));
    expect(await running).toMatchObject({ message: 'no more' });
    expect(opened[0]?.closed).toBe(true);
    await clock.advance(5_000);
    expect(await hosts.ask(call('next'))).toBe('answer to next');
    expect(opened.map(({ asked }) => asked)).toEqual([['hang 1'], ['hang 2'], ['next']]);
    const aborted = AbortSignal.abort(new Error('before'));
    expect(await failure(hosts.ask(call('never'), aborted))).toMatchObject({ message: 'before' });
    expect(opened).toHaveLength(3);
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
