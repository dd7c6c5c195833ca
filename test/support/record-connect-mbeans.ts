/**
 * Records which MBeans and attributes a standalone Kafka Connect 4.1.1 has while a source, a sink and a dead letter queue are at work,
 * into test/fixtures/kafka-connect-mbeans.tsv: `node scripts/run-ts.mjs test/support/record-connect-mbeans.ts`. Names of connectors,
 * clients, topics and nodes are left out: an MBean is its domain, its type and the names of its tags. The last column says whether any
 * of them had a number, which NaN is not; `-` is for texts.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startJavaConnect } from './java-connect.ts';
import { startKafka } from './kafka.ts';
import { freePort } from './ports.ts';
import { tempDir } from './temp-dir.ts';

const dump = fileURLToPath(new URL('./java/MBeanDump.java', import.meta.url));
const target = fileURLToPath(new URL('../fixtures/kafka-connect-mbeans.tsv', import.meta.url));
/** Longer than the worker takes to begin, and for rates to have a value. */
const AT_WORK_MS = 15_000;

const kafka = await startKafka();
try {
  const dir = tempDir('mbeans');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'in.txt'), 'one\ntwo\nthree\n');
  const jmxPort = await freePort();
  const transformed = {
    transforms: 'mark',
    'transforms.mark.type': 'org.apache.kafka.connect.transforms.InsertHeader',
    'transforms.mark.header': 'mark',
    'transforms.mark.value.literal': 'x',
    'transforms.mark.predicate': 'all',
    predicates: 'all',
    'predicates.all.type': 'org.apache.kafka.connect.transforms.predicates.RecordIsTombstone',
  };
  const connect = await startJavaConnect({
    mode: 'standalone',
    workerProps: {
      'bootstrap.servers': kafka.bootstrapServers,
      'offset.flush.interval.ms': '1000',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    },
    connectorFiles: [
      {
        name: 'source',
        'connector.class': 'FileStreamSource',
        'tasks.max': '1',
        file: join(dir, 'in.txt'),
        topic: 'lines',
        ...transformed,
        'topic.creation.default.partitions': '1',
        'topic.creation.default.replication.factor': '1',
      },
      {
        name: 'sink',
        'connector.class': 'FileStreamSink',
        'tasks.max': '1',
        file: join(dir, 'out.txt'),
        topics: 'lines',
        'errors.tolerance': 'all',
        'errors.deadletterqueue.topic.name': 'bad-lines',
        'errors.deadletterqueue.topic.replication.factor': '1',
        ...transformed,
      },
    ],
    jvmFlags: [
      '-Xmx256M',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      `-Dcom.sun.management.jmxremote.port=${jmxPort}`,
      `-Dcom.sun.management.jmxremote.rmi.port=${jmxPort}`,
      '-Dcom.sun.management.jmxremote.host=127.0.0.1',
      '-Djava.rmi.server.hostname=127.0.0.1',
      '-Dcom.sun.management.jmxremote.authenticate=false',
      '-Dcom.sun.management.jmxremote.ssl=false',
    ],
  });
  try {
    await new Promise((resolve) => setTimeout(resolve, AT_WORK_MS));
    const lines = execFileSync('java', [dump, String(jmxPort)], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line !== '');
    const kinds = new Map<string, string>();
    for (const line of lines) {
      const [domain = '', type = '', tags = '', attribute = '', value = ''] = line.split('\t');
      const names = tags
        .split(',')
        .filter((tag) => tag !== '')
        .map((tag) => tag.slice(0, tag.indexOf('=')));
      const key = [domain, type, names.join(','), attribute].join('\t');
      const kind = value === 'NaN' ? 'NaN' : Number.isNaN(Number(value)) ? '-' : 'number';
      if (kinds.get(key) !== 'number') kinds.set(key, kind);
    }
    const rows = [...kinds].map(([key, kind]) => `${key}\t${kind}`).sort();
    writeFileSync(target, `${rows.join('\n')}\n`);
  } finally {
    await connect.stop();
  }
} finally {
  await kafka.stop();
}
