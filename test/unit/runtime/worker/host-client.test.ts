import { expect, it } from 'vitest';
import { silentLogger } from '../../../../src/foundation/logger.ts';
import type { BlockedLoop } from '../../../../src/runtime/host/host-connection.ts';
import { HostClient, type TaskMessages } from '../../../../src/runtime/worker/host-client.ts';
import { ScriptedHost } from './scripted-host.ts';

class DyingHost extends ScriptedHost {
  blocked: (blocked: BlockedLoop | null) => void = () => {};
  end: (error: Error) => void = () => {};
  onBlocked(listener: (blocked: BlockedLoop | null) => void): void {
    this.blocked = listener;
  }
  onEnd(listener: (error: Error) => void): void {
    this.end = listener;
  }
}

function open() {
  const connection = new DyingHost();
  const client = new HostClient({
    connection,
    services: { readOffsets: async () => [], service: async () => null },
    use: { isolation: 'shared', memoryMaxMb: 0, connector: null, role: 'tasks' },
    logger: silentLogger,
    onEnd: () => {},
  });
  return { connection, client };
}

it('a host that was closed is alive no more', async () => {
  const { connection, client } = open();
  expect(client.isAlive).toBe(true);
  await client.close();
  expect([client.isAlive, connection.isClosed]).toEqual([false, true]);
});

it('a blocked host that ends blocks nobody any more, before its tasks and connectors fail', () => {
  const { connection, client } = open();
  const heard: string[] = [];
  const listener = (who: string) => ({
    name: who,
    onBlocked: (blocked: BlockedLoop | null) => heard.push(`${who} ${blocked === null ? 'free' : 'blocked'}`),
    onError: () => heard.push(`${who} failed`),
    onFailed: () => heard.push(`${who} failed`),
    onEnded: () => heard.push(`${who} ended`),
    onReconfigure: () => {},
    onFigures: () => {},
    onCalling: () => {},
  });
  client.attachConnector(1, listener('connector'));
  client.attach({ connector: 'c', task: 0 }, listener('task') as unknown as TaskMessages);
  connection.blocked({ since: 0, call: null });
  connection.end(new Error('gone'));
  expect(heard).toEqual([
    'task blocked',
    'connector blocked',
    'task free',
    'connector free',
    'task failed',
    'task ended',
    'connector failed',
  ]);
});
