/** A standalone herder over a store: what it can't store does not happen, and what is stored comes back. */
import { expect, it } from 'vitest';
import type { ConfigBackingStore, StoredConnector } from '../../../../src/storage/config-backing-store.ts';
import { settle } from '../fake-task-edges.ts';
import { openHerder } from './scripted-connector.ts';

class ScriptedStore implements ConfigBackingStore {
  readonly connectors = new Map<string, StoredConnector>();
  isFull = false;

  async start(): Promise<readonly StoredConnector[]> {
    return [...this.connectors.values()];
  }

  async put(connector: StoredConnector): Promise<void> {
    if (this.isFull) throw new Error('the disk is full');
    this.connectors.set(connector.name, connector);
  }

  async remove(name: string): Promise<void> {
    if (this.isFull) throw new Error('the disk is full');
    this.connectors.delete(name);
  }

  async stop(): Promise<void> {}
}

const config = { name: 'c', 'connector.class': 'ScriptedSource', topic: 't' };

it('changes nothing that can not be stored', async () => {
  const store = new ScriptedStore();
  const { herder, script } = openHerder({ store });
  await herder.start();
  store.isFull = true;
  await expect(herder.putConnectorConfig('c', config, { allowReplace: false })).rejects.toThrow('full');
  expect(await herder.connectors()).toEqual([]);
  expect(script.calls).toEqual([]);
  store.isFull = false;
  await herder.putConnectorConfig('c', config, { allowReplace: false });
  await settle();
  store.isFull = true;
  const before = [...script.calls];
  for (const change of [
    () => herder.putConnectorConfig('c', { ...config, topic: 'u' }, { allowReplace: true }),
    () => herder.patchConnectorConfig('c', { topic: 'u' }),
    () => herder.pauseConnector('c'),
    () => herder.stopConnector('c'),
    () => herder.deleteConnector('c'),
  ]) {
    await expect(change()).rejects.toThrow('full');
  }
  expect(script.calls).toEqual(before);
  expect(await herder.connectorConfig('c')).toEqual(config);
  expect(await herder.connectorStatus('c')).toMatchObject({
    connector: { state: 'RUNNING' },
    tasks: [{ state: 'RUNNING' }],
  });
  // A restart changes nothing that is stored.
  await herder.restartConnector('c');
  expect(store.connectors.get('c')).toMatchObject({ config, target: 'STARTED', isDeleted: false });
});

it('waits with requests until it knows what is stored', async () => {
  const store = new ScriptedStore();
  store.connectors.set('c', { name: 'c', config, target: 'PAUSED', created: 1, file: null, isDeleted: false });
  const { herder } = openHerder({ store });
  const early = herder.putConnectorConfig('c', config, { allowReplace: false });
  const refused = expect(early).rejects.toThrow('Connector c already exists');
  await settle();
  await herder.start();
  await refused;
  await settle();
  expect(await herder.connectorStatus('c')).toMatchObject({ connector: { state: 'PAUSED' }, tasks: [] });
});

it('tells that the connector of a file does not start at each start of a worker alike, and holds up no connector without a file', async () => {
  const store = new ScriptedStore();
  store.connectors.set('r', {
    name: 'r',
    config: { ...config, name: 'r' },
    target: 'STARTED',
    created: 1,
    file: null,
    isDeleted: false,
  });
  for (const start of ['first', 'second']) {
    const { herder, script } = openHerder({ store });
    script.start = () => {
      throw new Error('the database is away');
    };
    await herder.start({ heldBack: ['c'] });
    await settle();
    const applied = herder.applyConnectorFile('c', config, { initialState: 'STARTED', fingerprint: 'f' });
    await expect(applied, start).rejects.toMatchObject({ code: 'holdfast.connector.start-failed' });
    for (const name of ['c', 'r']) {
      expect(await herder.connectorStatus(name)).toMatchObject({ connector: { state: 'FAILED' } });
    }
    await herder.stop();
  }
});

it('lets a paused connector of a file go on without a start', async () => {
  const store = new ScriptedStore();
  store.connectors.set('c', { name: 'c', config, target: 'PAUSED', created: 1, file: 'f', isDeleted: false });
  const { herder, script } = openHerder({ store });
  script.start = () => {
    throw new Error('the database is away');
  };
  await herder.start({ heldBack: ['c'] });
  const applied = herder.applyConnectorFile('c', config, { initialState: 'STARTED', fingerprint: 'f' });
  expect(await applied).toMatchObject({ outcome: 'kept' });
  expect(script.calls).toEqual([]);
});
