import { type SourceRecord as Rec, Schemas, SourceRecord, type SourceTask, type SourceTaskContext } from 'holdfast/sdk';
import { ByteWindow } from './byte-window.ts';
import { FILE_STREAM_SOURCE_CONFIG, fileOf } from './config.ts';
import { FILENAME_FIELD, storedOffset } from './file-offsets.ts';
import { FileTail } from './file-tail.ts';
import { IdleWait } from './idle-wait.ts';
import { LineReader } from './line-reader.ts';
import { StandardInput } from './standard-input.ts';

/** How long `poll` waits for the standard input. */
const STDIN_WAIT_MS = 1000;

type Origin = Readonly<Record<string, string>> | null;

/**
 * A record per line: no key, the text as STRING value, the time of reading as timestamp, and the byte position after the line as
 * offset. The standard input has no offsets.
 */
export class FileStreamSourceTask implements SourceTask {
  private context: SourceTaskContext | null = null;
  private topic = '';
  private batchSize = 0;
  private origin: Origin = null;
  private tail: FileTail | null = null;
  private stdin: StandardInput | null = null;
  private lines: LineReader | null = null;
  private idle: IdleWait | null = null;

  initialize(context: SourceTaskContext): void {
    this.context = context;
  }

  async start(raw: Readonly<Record<string, string>>): Promise<void> {
    const context = this.started();
    const config = FILE_STREAM_SOURCE_CONFIG.parse(raw);
    const file = fileOf(config);
    this.topic = config.topic;
    this.batchSize = config['batch.size'];
    const stored = file === null ? null : await storedOffset(context.offsetStorageReader, file);
    const window = new ByteWindow({ position: stored?.position ?? 0 });
    const source = file ?? 'standard input';
    this.lines = new LineReader({ window, source, maxLineBytes: config['max.line.bytes'] });
    this.idle = new IdleWait({ clock: context.clock });
    if (file === null) {
      this.stdin = new StandardInput({ window, clock: context.clock });
      return;
    }
    this.origin = Object.freeze({ [FILENAME_FIELD]: file });
    this.tail = new FileTail({
      path: file,
      window,
      logger: context.logger,
      isRecordEnd: (byte) => byte === 10 || byte === 13,
    });
  }

  poll(signal: AbortSignal): readonly Rec[] | null | Promise<readonly Rec[] | null> {
    // Lines that were read already are handed over without a turn of the event loop.
    return this.take() ?? this.wait(signal);
  }

  async stop(): Promise<void> {
    this.stdin?.close();
    await this.tail?.close();
  }

  private async wait(signal: AbortSignal): Promise<readonly Rec[] | null> {
    if (this.stdin !== null) return this.fromStdin(this.stdin, signal);
    const { tail, idle } = this;
    if (tail === null || idle === null) return null;
    while (!signal.aborted) {
      const result = await tail.fill();
      if (result === 'data') {
        idle.reset();
        const records = this.take();
        if (records !== null) return records;
        continue;
      }
      if (result === 'replaced') {
        // The rest is a line whose end will never come. What follows it is the start of the new file.
        const rest = this.takeRest(0);
        await tail.restart();
        this.lines?.reset();
        if (rest !== null) return rest;
        continue;
      }
      await idle.wait(signal);
      return null;
    }
    return null;
  }

  private async fromStdin(stdin: StandardInput, signal: AbortSignal): Promise<readonly Rec[] | null> {
    const result = await stdin.fill(STDIN_WAIT_MS, signal);
    if (result === 'data') return this.take();
    if (result === 'none') return null;
    const rest = this.takeRest(0);
    if (rest === null) await this.idle?.wait(signal);
    return rest;
  }

  private take(): readonly Rec[] | null {
    const { lines, topic, origin } = this;
    if (lines === null) return null;
    const timestamp = this.started().clock.now();
    const records: Rec[] = [];
    lines.read(this.batchSize, (value, position) => {
      records.push(
        new SourceRecord({
          sourcePartition: origin,
          sourceOffset: origin === null ? null : { position },
          topic,
          valueSchema: Schemas.STRING,
          value,
          timestamp,
        }),
      );
    });
    return records.length === 0 ? null : records;
  }

  private takeRest(position: number): readonly Rec[] | null {
    const { lines, topic, origin } = this;
    const value = lines?.takeRest() ?? null;
    if (value === null) return null;
    const sourceOffset = origin === null ? null : { position };
    const timestamp = this.started().clock.now();
    return [
      new SourceRecord({ sourcePartition: origin, sourceOffset, topic, valueSchema: Schemas.STRING, value, timestamp }),
    ];
  }

  private started(): SourceTaskContext {
    if (this.context === null) throw new Error('initialize() has to come before any other call.');
    return this.context;
  }
}
