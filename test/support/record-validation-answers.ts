/**
 * Records what a real Kafka Connect answers to the requests of validation-cases.ts into test/fixtures/validation-answers.json:
 * `node scripts/run-ts.mjs test/support/record-validation-answers.ts`. Documentation texts are left out, for ours are our own.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startJavaConnect } from './java-connect.ts';
import { startKafka } from './kafka.ts';
import { validationCases } from './validation-cases.ts';

const kafka = await startKafka();
try {
  const connect = await startJavaConnect({
    mode: 'standalone',
    workerProps: { 'bootstrap.servers': kafka.bootstrapServers },
    jvmFlags: ['-Xmx256M', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
  });
  try {
    const answers: Record<string, object> = {};
    for (const { name, method, path, body } of validationCases) {
      const response = await fetch(`${connect.restUrl}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      answers[name] = {
        status: response.status,
        body: JSON.parse(text, (key, value: unknown) => (key === 'documentation' ? undefined : value)) as unknown,
      };
    }
    const target = fileURLToPath(new URL('../fixtures/validation-answers.json', import.meta.url));
    writeFileSync(target, `${JSON.stringify(answers)}\n`);
  } finally {
    await connect.stop();
  }
} finally {
  await kafka.stop();
}
