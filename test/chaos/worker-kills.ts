/**
 * kill -9 of a worker that moves numbered lines, at random moments. After each kill: nothing that was committed is missing where
 * it was to go, and what is there is in order and without gaps. Then two graceful restarts, which repeat nothing.
 */
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { decodeOffsetMap, encodeOffsetKey } from '../../src/storage/offset-codec.ts';
import { offsetsIn } from '../support/offsets-in.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic, groupOffsets, produce, readTopic, textOf, withBroker } from '../support/topic-content.ts';
import { uniqueName } from '../support/unique-name.ts';
import { eventually, WorkerProcess, type WorkerProcessOptions } from '../support/worker-process.ts';

const LINE_BYTES = 100;
const PADDING = 'x'.repeat(LINE_BYTES - 10);
const SINK_PARTITIONS = 3;

type Direction = 'source' | 'sink' | 'both';

export interface KillOptions {
  readonly direction: Direction;
  readonly kills: number;
  /** Lines that are added before each start. */
  readonly linesPerRound: number;
  readonly seed: number;
  /** null: the embedded broker, in the folder of the test. */
  readonly kafka: string | null;
}

export function itSurvivesKills(name: string, timeoutMs: number, options: () => KillOptions): void {
  it(name, () => new KilledPipeline(options()).run(), timeoutMs);
}

/** `00000042 xxx…`, 100 bytes with its end. */
function line(number: number): string {
  return `${String(number).padStart(8, '0')} ${PADDING}`;
}

function numberOf(text: string): number {
  if (text.length !== LINE_BYTES - 1 || text.slice(9) !== PADDING) throw new Error(`a line is damaged: ${text}`);
  return Number(text.slice(0, 8));
}

class KilledPipeline {
  private readonly options: KillOptions;
  private readonly random: () => number;
  private readonly dir = tempDir('kills');
  private readonly topic = uniqueName('kills');
  private readonly input = join(this.dir, 'in.txt');
  private readonly output = join(this.dir, 'out.txt');
  private readonly bootstrap: string;
  private readonly worker: WorkerProcessOptions;
  private readonly report: string[] = [];
  private lines = 0;

  constructor(options: KillOptions) {
    this.options = options;
    this.random = seededRandom(options.seed);
    this.bootstrap = options.kafka ?? `embedded:${join(this.dir, 'broker')}`;
    // Small batches: many writes and acknowledgements for a kill to fall between.
    const source = {
      'connector.class': 'FileStreamSource',
      file: this.input,
      topic: this.topic,
      'batch.size': '20',
    };
    const sink = {
      'connector.class': 'FileStreamSink',
      file: this.output,
      topics: this.topic,
      'consumer.override.max.poll.records': '5',
      // The group gives the partitions of a killed worker back no sooner than its session is over, or to the same static member.
      'consumer.override.session.timeout.ms': '6000',
      'consumer.override.heartbeat.interval.ms': '500',
      ...(options.direction === 'both' ? { 'consumer.override.group.instance.id': this.topic } : {}),
    };
    this.worker = {
      dir: this.dir,
      bootstrapServers: this.bootstrap,
      connectors: {
        ...(this.hasSource ? { [this.name('source')]: source } : {}),
        ...(this.hasSink ? { [this.name('sink')]: sink } : {}),
      },
    };
  }

  async run(): Promise<void> {
    const { direction, kills, seed, kafka } = this.options;
    writeFileSync(this.input, '');
    await withBroker(this.bootstrap, (broker) => createTopic(broker, this.topic, this.hasSource ? 1 : SINK_PARTITIONS));
    try {
      for (let round = 1; round <= kills; round++) {
        const worker = await this.startAmidWork();
        await worker.kill();
        await this.check(`kill ${round}`);
      }
      const worker = await this.startAmidWork();
      expect(await worker.stop()).toEqual({ code: 0, signal: null });
      const first = await this.check('first SIGTERM');
      const second = await this.startAmidWork();
      expect(await second.stop()).toEqual({ code: 0, signal: null });
      // What was repeated was repeated because of the kills.
      expect(await this.check('second SIGTERM')).toEqual(first);
      const third = await WorkerProcess.start(this.worker);
      await this.untilDone();
      expect(await third.failures(...Object.keys(this.worker.connectors))).toEqual([]);
      expect(await third.stop()).toEqual({ code: 0, signal: null });
      expect(await this.check('the end')).toEqual(first);
      await this.checkComplete();
    } finally {
      const broker = kafka === null ? 'embedded broker' : 'Kafka';
      console.log(
        `${kills} kills of a ${direction} on ${broker}, HOLDFAST_TEST_SEED=${seed}\n  ${this.report.join('\n  ')}`,
      );
    }
  }

  private get hasSource(): boolean {
    return this.options.direction !== 'sink';
  }

  private get hasSink(): boolean {
    return this.options.direction !== 'source';
  }

  private name(kind: 'source' | 'sink'): string {
    return `${this.topic}-${kind}`;
  }

  /** Adds lines, starts a worker, and returns at a random moment after it has made some progress. */
  private async startAmidWork(): Promise<WorkerProcess> {
    await this.addLines();
    const before = await this.progress();
    const worker = await WorkerProcess.spawn(this.worker);
    await eventually('progress', async () => (await this.progress()) > before, 60_000).catch(async (error: Error) => {
      throw new Error(`${error.message}\n${worker.process.lines.slice(-30).join('\n')}`);
    });
    await delay(this.random() * 200);
    return worker;
  }

  private async addLines(): Promise<void> {
    const numbers = Array.from({ length: this.options.linesPerRound }, (_, n) => this.lines + n);
    this.lines += numbers.length;
    if (this.hasSource) {
      appendFileSync(this.input, numbers.map((number) => `${line(number)}\n`).join(''));
      return;
    }
    await withBroker(this.bootstrap, async (broker) => {
      for (let partition = 0; partition < SINK_PARTITIONS; partition++) {
        const own = numbers.filter((number) => number % SINK_PARTITIONS === partition);
        await produce(broker, this.topic, partition, own.map(line));
      }
    });
  }

  private async progress(): Promise<number> {
    if (!this.hasSink) return this.sourcePosition();
    return statSync(this.output, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Bytes of the input that the offset file says were delivered. */
  private async sourcePosition(): Promise<number> {
    const text = offsetsIn(join(this.dir, 'connect.offsets')).get(
      encodeOffsetKey(this.name('source'), { filename: this.input }),
    );
    return text === null || text === undefined ? 0 : Number(decodeOffsetMap(text)?.['position']);
  }

  /** Numbers of the complete lines of the output. */
  private written(): readonly number[] {
    let text: string;
    try {
      text = readFileSync(this.output, 'latin1');
    } catch {
      return [];
    }
    return text.split('\n').slice(0, -1).map(numberOf);
  }

  /** Returns how many records were repeated on either side, counted against what is committed. */
  private async check(when: string): Promise<{ readonly source: number; readonly sink: number }> {
    const { partitions, committed } = await withBroker(this.bootstrap, async (broker) => ({
      partitions: (await readTopic(broker, this.topic)).map((records) => records.map(textOf).map(numberOf)),
      committed: await groupOffsets(broker, `connect-${this.name('sink')}`, this.topic),
    }));
    const repeated = { source: 0, sink: 0 };
    const seen: string[] = [];
    if (this.hasSource) {
      const [values = []] = partitions;
      const first = [...new Set(values)];
      // In order and without a gap: what is there is 0, 1, 2, … up to somewhere.
      expect(first.every((number, n) => number === n)).toBe(true);
      const position = await this.sourcePosition();
      expect(position % LINE_BYTES).toBe(0);
      // Invariant 1: the committed offset is not ahead of the topic.
      expect(position / LINE_BYTES).toBeLessThanOrEqual(first.length);
      repeated.source = values.length - position / LINE_BYTES;
      seen.push(`in the topic ${first.length} of ${this.lines}, committed ${position / LINE_BYTES}`);
    }
    if (this.hasSink) {
      const written = this.written();
      const places = new Set(written);
      for (const [partition, values] of partitions.entries()) {
        const own = new Set(values);
        const first = [...new Set(written.filter((number) => own.has(number)))];
        const expected = [...own];
        expect(first.findIndex((number, n) => number !== expected[n])).toBe(-1);
        // Invariant 2: the committed offset is not ahead of the file.
        const delivered = values.slice(0, committed.get(partition) ?? 0);
        expect(delivered.filter((number) => !places.has(number))).toEqual([]);
      }
      const total = [...committed.values()].reduce((sum, offset) => sum + offset, 0);
      repeated.sink = written.length - total;
      seen.push(`in the file ${places.size}, committed ${total}`);
    }
    this.report.push(`${when}: ${seen.join('; ')}`);
    return repeated;
  }

  private async untilDone(): Promise<void> {
    await eventually(
      'everything delivered',
      async () =>
        (this.hasSink ? new Set(this.written()).size : (await this.sourcePosition()) / LINE_BYTES) === this.lines,
      120_000,
    );
  }

  private async checkComplete(): Promise<void> {
    if (this.hasSource) expect(await this.sourcePosition()).toBe(this.lines * LINE_BYTES);
    if (this.hasSink) expect(new Set(this.written()).size).toBe(this.lines);
  }
}
