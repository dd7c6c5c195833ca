/** From connector files to connectors that run. */
import { createHash } from 'node:crypto';
import type { Logger } from '../foundation/logger.ts';
import type { HoldfastWorker } from '../index.ts';
import { ConfigError } from '../sdk/errors/kinds.ts';
import { type ConnectorFile, FILE_INVALID } from './connector-file.ts';

/** Starts the worker, then the connectors of the files one after the other. @throws ConfigError that names the file and the connector */
export async function startConnectors(
  worker: Pick<HoldfastWorker, 'herder' | 'restUrl' | 'start'>,
  connectors: readonly ConnectorFile[],
  logger: Logger,
): Promise<undefined> {
  refuseDoubles(connectors);
  await worker.start({ heldBack: connectors.map(({ name }) => name) });
  for (const connector of connectors) await startConnector(worker, connector, logger);
  // Stored ones, too, and none that was deleted since its file was applied.
  const running = await worker.herder.connectors();
  logger.info('The worker is ready.', { url: worker.restUrl, connectors: running.length });
}

/** Where connectors are stored, each of two files would replace what the other has made, at every start. */
function refuseDoubles(connectors: readonly ConnectorFile[]): void {
  const paths = new Map<string, string>();
  for (const { name, path } of connectors) {
    const first = paths.get(name);
    if (first !== undefined) {
      throw new ConfigError(
        `The connector files ${first} and ${path} both name the connector ${name}. Give each its own name, or leave one of them out.`,
        { code: FILE_INVALID },
      );
    }
    paths.set(name, path);
  }
}

/** As upstream: a connector that can't be started ends the worker. */
async function startConnector(
  worker: Pick<HoldfastWorker, 'herder'>,
  connector: ConnectorFile,
  logger: Logger,
): Promise<void> {
  const { outcome, info } = await worker.herder
    .applyConnectorFile(connector.name, connector.config, {
      initialState: connector.initialState,
      fingerprint: fingerprintOf(connector),
    })
    .catch((cause: unknown) => {
      if (!(cause instanceof ConfigError)) throw cause;
      throw new ConfigError(`The connector ${connector.name} of ${connector.path} can't be created: ${cause.message}`, {
        code: cause.code,
        cause,
      });
    });
  const fields = { connector: connector.name, file: connector.path };
  const tasks = info?.tasks.length ?? 0;
  if (outcome === 'created') logger.info('Created a connector.', { ...fields, tasks });
  else if (outcome === 'replaced') {
    logger.info('A connector file has changed since it was applied last, and replaces what was stored.', {
      ...fields,
      tasks,
    });
  } else if (outcome === 'kept') {
    logger.info('A stored connector goes on. Its connector file has not changed since it was applied last.', {
      ...fields,
      tasks,
    });
  } else {
    logger.info('A connector was deleted since its connector file was applied last, and is not created anew.', fields);
  }
}

function fingerprintOf({ config, initialState }: ConnectorFile): string {
  const entries = Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([initialState, entries]))
    .digest('hex');
}
