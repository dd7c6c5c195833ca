import { execFile } from 'node:child_process';
import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { runHoldfast } from '../support/holdfast-process.ts';
import { startJavaConnect } from '../support/java-connect.ts';
import { javaPluginPath } from '../support/java-probe.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic, readTopic, textOf, withBroker } from '../support/topic-content.ts';
import { uniqueName } from '../support/unique-name.ts';
import { eventually, WorkerProcess } from '../support/worker-process.ts';
import { recordPassed } from './pair/results.ts';

const run = promisify(execFile);
const offsetProgram = fileURLToPath(new URL('../support/java/OffsetFile.java', import.meta.url));
const plugins = fileURLToPath(new URL('../fixtures/probe', import.meta.url));
const LINES = 40;

/** Each worker in turn reads on where the other stopped: its offset file is all that they share, apart from Kafka. */
describeWithKafka('a connector moves between Kafka Connect and Holdfast', (kafka) => {
  let hasMoved = false;

  it('there, back and there again, and no line is lost or repeated', async () => {
    const dir = tempDir('move');
    const name = uniqueName('move');
    const topics = { lines: `${name}-lines`, probe: `${name}-probe` };
    const input = join(dir, 'in.txt');
    const output = join(dir, 'out.txt');
    const offsets = join(dir, 'offsets');
    const bootstrapServers = kafka().bootstrapServers;
    await withBroker(bootstrapServers, async (broker) => {
      await createTopic(broker, topics.lines);
      await createTopic(broker, topics.probe);
    });
    const connectors = (leg: number): Record<string, Record<string, string>> => ({
      [`${name}-in`]: { 'connector.class': 'FileStreamSource', file: input, topic: topics.lines },
      [`${name}-out`]: { 'connector.class': 'FileStreamSink', file: output, topics: topics.lines },
      [`${name}-probe`]: {
        'connector.class': 'ProbeSource',
        topic: topics.probe,
        count: String(10 * leg),
        'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
        'value.converter.schemas.enable': 'false',
      },
    });
    const settings = { 'offset.storage.file.filename': offsets, 'offset.flush.interval.ms': '200' };
    let written = 0;
    const leg = async (number: number): Promise<void> => {
      const lines = Array.from({ length: LINES }, () => `line ${written++}`);
      appendFileSync(input, `${lines.join('\n')}\n`);
      const upstream = number % 2 === 1;
      const worker = upstream
        ? await startJavaConnect({
            mode: 'standalone',
            jvmFlags: ['-Xmx512M', '-XX:+UseSerialGC'],
            workerProps: { 'bootstrap.servers': bootstrapServers, 'plugin.path': await javaPluginPath(), ...settings },
            connectorFiles: Object.entries(connectors(number)).map(([each, config]) => ({ name: each, ...config })),
          })
        : await WorkerProcess.start({
            dir: join(dir, `holdfast-${number}`),
            bootstrapServers,
            settings: { ...settings, 'plugin.path': plugins },
            connectors: connectors(number),
          });
      try {
        await eventually(`the output of leg ${number}`, () => countOf(output) >= written, 60_000);
        await eventually(
          `the probe of leg ${number}`,
          async () => (await contentOf(bootstrapServers, topics.probe)).length >= 10 * number,
          60_000,
        );
      } finally {
        // A graceful stop commits what was written: that is the promise that is tested.
        await worker.stop();
      }
    };
    for (let number = 1; number <= 4; number++) {
      if (number === 3) await backToJava(offsets);
      await leg(number);
    }
    const expected = Array.from({ length: written }, (_, i) => `line ${i}`);
    expect(await contentOf(bootstrapServers, topics.lines)).toEqual(expected);
    expect(readFileSync(output, 'utf8').trimEnd().split('\n')).toEqual(expected);
    const ids = (await contentOf(bootstrapServers, topics.probe)).map((text) => JSON.parse(text).id as number);
    expect(ids).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    hasMoved = true;
  });

  it('by a file that Java reads as it was, with what it can hold', async () => {
    const dir = tempDir('move');
    const theirs = join(dir, 'theirs');
    // As Kafka Connect's converter writes an emoji: with escapes.
    const entries = ['["a",{"file":"\u00fc\u4e2d\\uD83D\\uDE00"}]\t{"big":9007199254740993,"x":null}', '["b",{}]\t{}'];
    for (let i = 0; i < 200; i++) entries.push(`["many",{"n":${i}}]\t{"at":${i}}`);
    writeFileSync(join(dir, 'entries'), `${entries.join('\n')}\n["reset",{}]\n`);
    await run('/bin/sh', ['-c', 'exec java "$0" write "$1" < "$2"', offsetProgram, theirs, join(dir, 'entries')]);
    const ours = join(dir, 'ours');
    const back = join(dir, 'back');
    for (const args of [
      ['import', theirs, ours],
      ['export', ours, back],
    ]) {
      const process = await runHoldfast(['offsets', ...args]);
      expect(await process.waitForExit(), process.lines.join('\n')).toMatchObject({ code: 0 });
    }
    const { stdout } = await run('java', [offsetProgram, 'read', back]);
    expect(stdout.trimEnd().split('\n').sort()).toEqual([...entries].sort());
    if (hasMoved) recordPassed('offsets', `four moves of three connectors, and a file of ${entries.length} offsets`);
  });

  /** What docs/guides/standalone.md says: the worker's file exported, and put in its place. */
  async function backToJava(offsets: string): Promise<void> {
    const exported = `${offsets}.java`;
    const process = await runHoldfast(['offsets', 'export', offsets, exported]);
    expect(await process.waitForExit(), process.lines.join('\n')).toMatchObject({ code: 0 });
    copyFileSync(exported, offsets);
  }
});

function countOf(file: string): number {
  return readFileSync(file, 'utf8').split('\n').length - 1;
}

async function contentOf(bootstrapServers: string, topic: string): Promise<string[]> {
  const [records = []] = await withBroker(bootstrapServers, (broker) => readTopic(broker, topic));
  return records.map(textOf);
}
