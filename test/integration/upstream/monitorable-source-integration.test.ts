/** Kafka Connect 4.1.1, MonitorableSourceIntegrationTest (KIP-877). */
import { describe, expect, it } from 'vitest';
import { EmbeddedConnect } from '../../../src/testing/embedded-connect.ts';
import { parseExposition } from '../../support/exposition.ts';
import { tempDir } from '../../support/temp-dir.ts';

const METERED = new URL('../../support/metered-plugin.ts', import.meta.url).href;
const PREFIX = 'kafka_connect_plugins_';

describe('MonitorableSourceIntegrationTest', () => {
  it('testMonitorableSourceConnectorAndTask', async () => {
    const connect = await EmbeddedConnect.start({ dir: tempDir('monitorable'), pluginModules: [METERED] });
    const metrics = async (): Promise<ReadonlyMap<string, number>> => {
      const all = parseExposition(await (await fetch(`${connect.url}/metrics`)).text());
      const own = all.filter(({ name, labels }) => name.startsWith(PREFIX) && labels['connector'] === 'm');
      return new Map(
        own.map(({ name, labels, value }) => [`${name.slice(PREFIX.length)} ${labels['task'] ?? '-'}`, value]),
      );
    };
    try {
      await connect.create('m', { 'connector.class': 'test.MonitorableSourceConnector', topic: 'monitored' });
      await connect.waitForTasks('m', 'RUNNING');
      const seen = await connect.waitFor('the metrics of the task', async () => {
        const found = await metrics();
        return found.has('poll 0') && found;
      });
      expect(seen.get('start -')).toBe(1);
      expect((await connect.request('DELETE', '/connectors/m')).status).toBe(204);
      expect([...(await metrics()).keys()]).toEqual([]);
    } finally {
      await connect.stop();
    }
  });
});
