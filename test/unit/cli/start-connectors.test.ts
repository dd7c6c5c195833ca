import { describe, expect, it } from 'vitest';
import type { ConnectorFile } from '../../../src/cli/connector-file.ts';
import { startConnectors } from '../../../src/cli/start-connectors.ts';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import type { AppliedFile, Herder } from '../../../src/runtime/herder/herder.ts';

const fileOf = (name: string): ConnectorFile =>
  ({ name, path: `/${name}.json`, config: { name }, initialState: null }) as unknown as ConnectorFile;

async function logged(outcomes: Readonly<Record<string, AppliedFile['outcome']>>, running: readonly string[]) {
  const { logger, lines } = recordingLogger();
  const herder = {
    applyConnectorFile: async (name: string) => ({
      outcome: outcomes[name],
      info: outcomes[name] === 'deleted' ? null : { tasks: outcomes[name] === 'created' ? [{}] : [] },
    }),
    connectors: async () => running,
  } as unknown as Herder;
  const worker = { herder, restUrl: 'http://localhost:8083', start: async () => {} };
  await startConnectors(worker, Object.keys(outcomes).map(fileOf), logger);
  return lines;
}

describe('startConnectors', () => {
  it('says how many connectors the worker has, not how many files it read', async () => {
    const lines = await logged({ a: 'created', b: 'deleted' }, ['a', 'from-the-store', 'another']);
    expect(lines.at(-1)).toMatchObject({
      message: 'The worker is ready.',
      fields: { url: 'http://localhost:8083', connectors: 3 },
    });
  });

  it('refuses two files of one connector before anything is started', async () => {
    const { logger } = recordingLogger();
    const never = async (): Promise<never> => {
      throw new Error('it was started');
    };
    const worker = { herder: {} as Herder, restUrl: '', start: never };
    const files = [fileOf('a'), { ...fileOf('b'), path: '/first.json' }, { ...fileOf('b'), path: '/second.json' }];
    await expect(startConnectors(worker, files, logger)).rejects.toMatchObject({
      code: 'holdfast.cli.file-invalid',
      message: expect.stringContaining('/first.json and /second.json both name the connector b'),
    });
  });

  it('gives the number of tasks of what it made, and of what goes on', async () => {
    const lines = await logged({ a: 'created', b: 'kept', c: 'replaced' }, ['a', 'b', 'c']);
    expect(lines.map(({ fields }) => fields)).toEqual([
      { connector: 'a', file: '/a.json', tasks: 1 },
      { connector: 'b', file: '/b.json', tasks: 0 },
      { connector: 'c', file: '/c.json', tasks: 0 },
      { url: 'http://localhost:8083', connectors: 3 },
    ]);
  });
});
