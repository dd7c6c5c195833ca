/** A connector that asks for new task configurations all the time. */
import { expect, it } from 'vitest';
import { settle } from '../fake-task-edges.ts';
import { openHerder } from './scripted-connector.ts';

const config = { name: 'c', 'connector.class': 'ScriptedSource', topic: 't' };

async function open() {
  const { herder, script, clock } = openHerder();
  await herder.start();
  await herder.putConnectorConfig('c', config, { allowReplace: false });
  await settle();
  const count = (): number => script.calls.filter((call) => call.startsWith('taskConfigs')).length;
  const before = count();
  return { herder, script, clock, asked: () => count() - before };
}

it('is asked ever less often when it asks from within, and is heard still', async () => {
  const { herder, script, clock, asked } = await open();
  const given = script.taskConfigs;
  script.taskConfigs = (...args) => {
    // A bound, so that without one here the test ends.
    if (asked() < 1_000) script.contexts[0]?.requestTaskReconfiguration();
    return given(...args);
  };
  script.contexts[0]?.requestTaskReconfiguration();
  for (let round = 0; round < 200; round++) await settle();
  expect(asked()).toBeLessThan(20);
  const first = asked();
  await clock.advance(1_000);
  await settle();
  expect(asked()).toBeGreaterThan(first);
  for (let minute = 0; minute < 60; minute++) await clock.advance(60_000);
  expect(asked()).toBeLessThan(100);

  // Other operations of it do not wait meanwhile.
  await herder.stopConnector('c');
  expect(await herder.connectorStatus('c')).toMatchObject({ connector: { state: 'STOPPED' } });
});

it('is asked at once when it asks now and then', async () => {
  const { script, clock, asked } = await open();
  for (let time = 1; time <= 50; time++) {
    await clock.advance(1_000);
    script.contexts[0]?.requestTaskReconfiguration();
    await settle();
    expect(asked()).toBe(time);
  }
});
