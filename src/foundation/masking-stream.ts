/** Strikes secrets out of a text that comes in pieces. Invariant 8: also out of one that is split over several of them. */
import { HIDDEN, type SecretRegistry } from './secret-registry.ts';

export class MaskingStream {
  private readonly secrets: SecretRegistry;
  /** What may be the beginning of a secret; shorter than the longest one. */
  private rest = '';
  /** So much of it belongs to a secret that is shown as struck out already. */
  private covered = 0;

  constructor(secrets: SecretRegistry) {
    this.secrets = secrets;
  }

  /** What may be shown now. The rest waits for the next piece, or for the end. */
  next(piece: string): string {
    const text = this.rest + piece;
    return this.shown(text, this.secrets.unfinishedFrom(text));
  }

  /** What had to wait. Nothing comes after it that belongs to it. */
  end(): string {
    return this.shown(this.rest, this.rest.length);
  }

  private shown(text: string, until: number): string {
    let shown = '';
    let from = Math.min(this.covered, until);
    let covered = this.covered;
    for (const { start, end } of this.secrets.runs(text)) {
      if (start >= until) break;
      if (start >= covered) shown += text.slice(from, start) + HIDDEN;
      covered = Math.max(covered, end);
      from = Math.min(covered, until);
    }
    this.rest = text.slice(until);
    this.covered = Math.max(0, covered - until);
    return shown + text.slice(from, until);
  }
}
