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
    settings: avroConverters([`http://127.0.0.1:${registryPort}`]),
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
    const begun = performance.now();
    const { code } = await worker.stop();
    // A parked task and a broker in the same process end at once; what a client does, nobody waits for.
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(code).toBe(0);
    for (const client of clients) await expect.poll(() => client.end).toBe('ended');
    deaf.destroy();
  } finally {
    await worker.kill();
  }
});
