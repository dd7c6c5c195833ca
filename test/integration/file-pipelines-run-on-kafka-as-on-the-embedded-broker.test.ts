import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { tempDir } from '../support/temp-dir.ts';
import { uniqueName } from '../support/unique-name.ts';

const LINES = 20_000;

function pipelines(bootstrap: () => string | null): void {
  it('copies a file through a topic, byte by byte, and goes on after a restart without repeating', async () => {
    const dir = tempDir('pipeline');
    const topic = uniqueName('lines');
    const input = join(dir, 'in.txt');
    const output = join(dir, 'out.txt');
    const servers = bootstrap();
    const settings: Record<string, string> = servers === null ? {} : { 'bootstrap.servers': servers };
    const source = { 'connector.class': 'FileStreamSource', file: input, topic };
    const sink = { 'connector.class': 'FileStreamSink', file: output, topics: topic };
    const read = (): string => {
      try {
        return readFileSync(output, 'utf8');
      } catch {
        return '';
      }
    };
    let text = [...Array(LINES).keys()].map((n) => `${n} ${'ä'.repeat(n % 50)}\n`).join('');
    writeFileSync(input, text);

    // Source and sink names decide the consumer group: unique, as the Kafka is shared.
    let connect = await EmbeddedConnect.start({ dir, settings });
    await connect.create(`${topic}-source`, source);
    await connect.create(`${topic}-sink`, sink);
    await connect.waitFor('all lines', async () => read().length === text.length, 30_000);
    expect(read()).toBe(text);
    await connect.stop();

    text += 'after the restart\n';
    writeFileSync(input, text);
    connect = await EmbeddedConnect.start({ dir, settings });
    await connect.create(`${topic}-source`, source);
    await connect.create(`${topic}-sink`, sink);
    await connect.waitFor('the line after the restart', async () => read().length >= text.length, 30_000);
    expect(read()).toBe(text);
    const { status } = await connect.request('GET', '/health');
    expect(status).toBe(200);
    await connect.stop();
  }, 90_000);
}

describe('on the embedded broker', () => pipelines(() => null));
describeWithKafka('on a real Kafka', (kafka) => pipelines(() => kafka().bootstrapServers));
