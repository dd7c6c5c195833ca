/** A second worker on the same embedded folder ends with a clear error and leaves the first alone. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { eventually, WorkerProcess } from '../support/worker-process.ts';

it('refuses a second worker while the first runs, and takes one after a kill', async () => {
  const dir = tempDir('one-folder');
  const bootstrapServers = `embedded:${join(dir, 'broker')}`;
  const input = join(dir, 'in.txt');
  const output = join(dir, 'out.txt');
  writeFileSync(input, 'one\n');
  const connectors = {
    source: { 'connector.class': 'FileStreamSource', file: input, topic: 't' },
    sink: { 'connector.class': 'FileStreamSink', file: output, topics: 't' },
  };
  const first = await WorkerProcess.start({ dir: join(dir, 'a'), bootstrapServers, connectors });
  await eventually('the first line', () => readFileSync(output, 'utf8') === 'one\n');

  const second = await WorkerProcess.spawn({ dir: join(dir, 'b'), bootstrapServers, connectors: {} });
  const { code } = await second.process.waitForExit();
  expect(code).toBe(2);
  const told = second.process.stderr.join('\n');
  expect(told).toContain(join(dir, 'broker'));
  expect(told).toContain(String(first.process.pid));
  expect(told).toMatch(/\[holdfast\.broker\.[a-z.-]+\]/);
  expect(told).not.toMatch(/^\s+at /m);

  appendFileSync(input, 'two\n');
  await eventually('the first worker goes on', () => readFileSync(output, 'utf8') === 'one\ntwo\n');
  await first.kill();
  appendFileSync(input, 'three\n');
  const third = await WorkerProcess.start({ dir: join(dir, 'a'), bootstrapServers, connectors });
  await eventually('a third worker takes over', () => readFileSync(output, 'utf8').endsWith('three\n'));
  expect((await third.stop()).code).toBe(0);
});
