/** A promise that is settled from outside. */
export class Deferred<T = void> {
  readonly promise: Promise<T>;
  private resolvePromise!: (value: T | PromiseLike<T>) => void;
  private rejectPromise!: (reason: unknown) => void;
  private isSettled = false;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolvePromise = resolve;
      this.rejectPromise = reject;
    });
  }

  /** True once resolve or reject was called. */
  get settled(): boolean {
    return this.isSettled;
  }

  /** The first call of resolve or reject counts; later ones do nothing. */
  resolve(value: T | PromiseLike<T>): void {
    this.isSettled = true;
    this.resolvePromise(value);
  }

  reject(reason: unknown): void {
    this.isSettled = true;
    this.rejectPromise(reason);
  }
}
