/** A worker with the monitorable plugin, on the embedded broker or on another. */
import type { Logger } from '../../src/foundation/logger.ts';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { tempDir } from './temp-dir.ts';

const plugin = new URL('./monitorable-plugin.ts', import.meta.url).href;

export function startMonitorable(
  options: {
    readonly dir?: string;
    readonly settings?: Readonly<Record<string, string>>;
    readonly logger?: Logger;
  } = {},
): Promise<EmbeddedConnect> {
  const { dir = tempDir('monitorable'), ...more } = options;
  return EmbeddedConnect.start({ dir, ...more, pluginModules: [plugin] });
}

export const SOURCE = 'test.MonitorableSourceConnector';
export const SINK = 'test.MonitorableSinkConnector';

/** Connector and task states as `RUNNING: RUNNING, FAILED`. */
export async function statesOf(connect: EmbeddedConnect, name: string): Promise<string> {
  const { connector, tasks } = await connect.status(name);
  return `${connector.state}: ${tasks.map(({ state }) => state).join(', ')}`;
}

export async function waitForStates(connect: EmbeddedConnect, name: string, states: string): Promise<void> {
  let last = '';
  await connect
    .waitFor(`${name} as ${states}`, async () => {
      last = await statesOf(connect, name);
      return last === states;
    })
    .catch((error: Error) => {
      throw new Error(`${error.message}; it was ${last}`);
    });
}
