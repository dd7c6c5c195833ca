/** Whoever writes a wrong file learns of every mistake in it at once, and nothing is started. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runHoldfast } from '../support/holdfast-process.ts';
import { freePort } from '../support/ports.ts';
import { writeProperties } from '../support/properties-file.ts';
import { tempDir } from '../support/temp-dir.ts';

const EXIT_CONFIG = 2;

async function run(
  worker: Readonly<Record<string, string>>,
  connectors: readonly Readonly<Record<string, string>>[] = [],
): Promise<{ readonly code: number | null; readonly stderr: string; readonly dir: string }> {
  const dir = tempDir('mistakes');
  const workerFile = join(dir, 'worker.properties');
  writeProperties(workerFile, {
    'bootstrap.servers': 'embedded:broker',
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'offset.storage.file.filename': 'connect.offsets',
    listeners: `http://127.0.0.1:${await freePort()}`,
    ...worker,
  });
  const files = connectors.map((config, n) => {
    const file = join(dir, `connector-${n}.properties`);
    writeProperties(file, config);
    return file;
  });
  const process = await runHoldfast(['standalone', workerFile, ...files], { cwd: dir });
  const { code } = await process.waitForExit();
  return { code, stderr: process.stderr.join('\n'), dir };
}

describe('a file with five mistakes', () => {
  it('of the worker', async () => {
    const { code, stderr, dir } = await run({
      listeners: 'telnet://nowhere',
      'offset.flush.interval.ms': 'often',
      'task.shutdown.graceful.timeout.ms': '-1',
      'log.level': 'loud',
      'connector.client.config.override.policy': 'Some',
      'topic.creation.enable': 'perhaps',
    });
    expect(code).toBe(EXIT_CONFIG);
    for (const text of [
      'telnet://nowhere for configuration listeners',
      'often for configuration offset.flush.interval.ms',
      '-1 for configuration task.shutdown.graceful.timeout.ms',
      'loud for configuration log.level',
      'Some for configuration connector.client.config.override.policy',
      'perhaps for configuration topic.creation.enable',
      '[holdfast.',
    ]) {
      expect(stderr).toContain(text);
    }
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(join(dir, 'broker'))).toBe(false);
  });

  it('of a connector', async () => {
    const { code, stderr } = await run({}, [
      {
        name: 'five',
        'connector.class': 'FileStreamSource',
        'batch.size': 'many',
        'tasks.max': '0',
        'errors.tolerance': 'some',
        'key.converter': 'com.example.None',
      },
    ]);
    expect(code).toBe(EXIT_CONFIG);
    for (const text of [
      'Missing required configuration "topic"',
      'many for configuration batch.size',
      '0 for configuration tasks.max',
      'some for configuration errors.tolerance',
      'com.example.None for configuration key.converter',
    ]) {
      expect(stderr).toContain(text);
    }
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('that can not be read at all is named', async () => {
    const dir = tempDir('mistakes');
    const worker = join(dir, 'worker.properties');
    const missing = await runHoldfast(['standalone', worker], { cwd: dir });
    expect((await missing.waitForExit()).code).toBe(EXIT_CONFIG);
    expect(missing.stderr.join('\n')).toContain(worker);
    writeFileSync(worker, 'key.converter=\\u00zz');
    const broken = await runHoldfast(['standalone', worker], { cwd: dir });
    expect((await broken.waitForExit()).code).toBe(EXIT_CONFIG);
    expect(broken.stderr.join('\n')).toContain(worker);
  });
});
