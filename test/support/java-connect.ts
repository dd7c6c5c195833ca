import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SupervisedProcess } from './child-process.ts';
import { javaKafkaLibs } from './java-libs.ts';
import { freePort } from './ports.ts';
import { writeProperties } from './properties-file.ts';
import { tempDir } from './temp-dir.ts';

export interface JavaConnectOptions {
  readonly mode: 'standalone' | 'distributed';
  /** Worker settings over the defaults below; `bootstrap.servers` has to be among them. */
  readonly workerProps: Readonly<Record<string, string>>;
  /** Connector files for the standalone worker: paths, or settings that are written to .properties files. */
  readonly connectorFiles?: readonly (string | Readonly<Record<string, string>>)[];
  /** JVM flags instead of those of Kafka's own start scripts. */
  readonly jvmFlags?: readonly string[];
  /** Further jars and folders of classes for its class path, REST extensions for example. */
  readonly classPath?: readonly string[];
  readonly signal?: AbortSignal;
}

/** A running Kafka Connect 4.1.1 with FileStreamSource and FileStreamSink in its plugin path. */
export interface JavaConnect {
  readonly restUrl: string;
  readonly pid: number;
  readonly dir: string;
  readonly logFile: string;
  /** From the start of the process until the REST API answered. */
  readonly startMs: number;
  readonly isRunning: boolean;
  stop(): Promise<void>;
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): Promise<void>;
}

// What kafka-run-class.sh and connect-standalone.sh set.
const scriptFlags = [
  '-Xms256M',
  '-Xmx2G',
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
  '-Djava.awt.headless=true',
];

const logFlags = [
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
];

/** Starts it; resolves when its REST API answers, which takes some 6 s. It ends with this process at the latest. */
export async function startJavaConnect(options: JavaConnectOptions): Promise<JavaConnect> {
  const dir = tempDir('connect');
  const restUrl = `http://127.0.0.1:${await freePort()}`;
  const { classpath, pluginPath } = await javaKafkaLibs(options.signal);
  const workerFile = join(dir, 'worker.properties');
  const stringConverter = 'org.apache.kafka.connect.storage.StringConverter';
  writeProperties(workerFile, {
    'key.converter': stringConverter,
    'value.converter': stringConverter,
    listeners: restUrl,
    'plugin.path': pluginPath,
    ...(options.mode === 'standalone'
      ? { 'offset.storage.file.filename': join(dir, 'offsets') }
      : {
          'group.id': 'connect',
          'config.storage.topic': 'connect-configs',
          'offset.storage.topic': 'connect-offsets',
          'status.storage.topic': 'connect-status',
          'config.storage.replication.factor': '1',
          'offset.storage.replication.factor': '1',
          'status.storage.replication.factor': '1',
          'offset.storage.partitions': '1',
          'status.storage.partitions': '1',
        }),
    ...options.workerProps,
  });
  const connectorDir = join(dir, 'connectors');
  mkdirSync(connectorDir);
  const connectorFiles = (options.connectorFiles ?? []).map((given, i) => {
    if (typeof given === 'string') return given;
    const file = join(connectorDir, `${i}.properties`);
    writeProperties(file, given);
    return file;
  });
  const main = options.mode === 'standalone' ? 'ConnectStandalone' : 'ConnectDistributed';
  const startedAt = performance.now();
  const process = await SupervisedProcess.start({
    name: 'Kafka Connect',
    command: 'java',
    args: [
      ...(options.jvmFlags ?? scriptFlags),
      ...logFlags,
      ...[
        '-cp',
        [classpath, ...(options.classPath ?? [])].join(':'),
        `org.apache.kafka.connect.cli.${main}`,
        workerFile,
      ],
      ...connectorFiles,
    ],
    cwd: dir,
    logFile: join(dir, 'connect.log'),
  });
  try {
    await process.waitUntil(() => answers(restUrl), { timeoutMs: 120_000, signal: options.signal });
  } catch (error) {
    process.kill('SIGKILL');
    throw error;
  }
  const startMs = performance.now() - startedAt;
  return {
    restUrl,
    pid: process.pid,
    dir,
    logFile: process.logFile,
    startMs,
    get isRunning() {
      return process.isRunning;
    },
    async stop() {
      await process.stop();
    },
    async kill(signal) {
      process.kill(signal);
      if (signal === 'SIGKILL') await process.waitForExit();
    },
  };
}

/** Whether a GET of that address succeeds. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    // 401: it is there, and asks for a password.
    return response.ok || response.status === 401;
  } catch {
    return false;
  }
}
