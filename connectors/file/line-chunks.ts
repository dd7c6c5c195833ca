/** Collects lines into buffers of a good size for writing. */

const CHUNK_CHARACTERS = 256 * 1024;

export class LineChunks {
  readonly chunks: Buffer[] = [];
  private text = '';

  /** `line` without its end. */
  add(line: string): void {
    this.text += `${line}\n`;
    if (this.text.length >= CHUNK_CHARACTERS) this.seal();
  }

  /** All of it, in order. */
  finish(): readonly Buffer[] {
    this.seal();
    return this.chunks;
  }

  private seal(): void {
    if (this.text === '') return;
    this.chunks.push(Buffer.from(this.text));
    this.text = '';
  }
}
