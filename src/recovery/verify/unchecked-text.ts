/** A text that some registry or client takes and that can't be judged here: it may be sound, and no repair may leave it out. */
export class UncheckedText extends Error {}
