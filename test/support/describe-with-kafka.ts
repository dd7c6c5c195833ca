import { beforeAll, describe } from 'vitest';
import { javaAvailable, missingForJava } from './java.ts';
import { type SharedKafka, sharedKafka } from './shared-kafka.ts';

/**
 * A `describe` for tests that start Java programs themselves. Where Java or Maven are missing it is skipped, counted as
 * skipped, and says so on standard error; with `CI=true` the file fails instead.
 */
export function describeWithJava(name: string, tests: () => void): void {
  if (javaAvailable()) {
    describe(name, tests);
  } else {
    process.stderr.write(`SKIPPED for want of ${missingForJava()}: ${name}\n`);
    describe.skip(name, tests);
  }
}

/**
 * Like `describeWithJava`, for tests on the Kafka that all files of a run share: `tests` gets a function that returns it,
 * to be called inside tests and hooks.
 */
export function describeWithKafka(name: string, tests: (kafka: () => SharedKafka) => void): void {
  describeWithJava(name, () => {
    let shared: SharedKafka | undefined;
    beforeAll(async () => {
      shared = await sharedKafka();
    }, 180_000);
    tests(() => {
      if (shared === undefined)
        throw new Error('the shared Kafka is there in tests and hooks, not while they are declared');
      return shared;
    });
  });
}
