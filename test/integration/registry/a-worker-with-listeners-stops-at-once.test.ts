import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { avroConverters, range, sequenceSchema } from '../../support/avro-pipelines.ts';
import { EventSourceClient } from '../../support/event-source.ts';
import { freePorts } from '../../support/ports.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { eventually, WorkerProcess } from '../../support/worker-process.ts';

it('a parked worker with clients that listen for events, one of which does not read, stops at once on SIGTERM', async () => {
  const dir = tempDir('listeners');
  const input = join(dir, 'in.jsonl');
  writeFileSync(input, '{"seq":0,"text":"n"}\n');
  // Nobody is there.
  const [registryPort = 0] = await freePorts(1);
  const worker = await WorkerProcess.start({
    dir,
    bootstrapServers: `embedded:${join(dir, 'broker')}`,
    settings: {
      ...avroConverters([`http://127.0.0.1:${registryPort}`]),
      'task.shutdown.graceful.timeout.ms': '40000',
    },
    connectors: {
      writer: {
        'connector.class': 'io.holdfast.connect.file.RecordFileSourceConnector',
        file: input,
        format: 'jsonl',
        topic: 'written',
        schema: sequenceSchema('New'),
      },
    },
  });
  try {
    await eventually('the park', async () => (await worker.status('writer')).tasks[0]?.parked !== undefined);
    const clients = await Promise.all(
      range(0, 10).map(() => EventSourceClient.open(`${worker.url}/registries/events`)),
    );
    const { hostname, port } = new URL(worker.url);
    const deaf = connect(Number(port), hostname);
    deaf.on('error', () => {});
    deaf.write(`GET /registries/events?all=true HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`);
    deaf.pause();
    // A parked task and a broker in the same process end at once; what a client does, nobody waits for: it would be killed then.
    expect(await worker.stop(10_000)).toEqual({ code: 0, signal: null });
    for (const client of clients) await expect.poll(() => client.end).toBe('ended');
    deaf.destroy();
  } finally {
    await worker.kill();
  }
});
