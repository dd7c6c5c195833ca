/** SIGINT and SIGTERM: the first asks for a graceful stop, the second ends the process at once. */

const NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;

/** Resolves with the first signal. */
export function stopSignal(): Promise<keyof typeof NUMBERS> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(128 + NUMBERS[signal]);
        asked = true;
        resolve(signal);
      });
    }
  });
}

/** From here on nothing is left that a graceful stop could save: either signal ends the process at once. */
export function endOnSignal(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => process.exit(128 + NUMBERS[signal]));
  }
}
