import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type JavaConnect, startJavaConnect } from '../../support/java-connect.ts';
import { mavenJars } from '../../support/java-libs.ts';
import { javaPluginPath } from '../../support/java-probe.ts';
import { freePort } from '../../support/ports.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { WorkerProcess } from '../../support/worker-process.ts';

const probe = fileURLToPath(new URL('../../fixtures/probe', import.meta.url));

/** One of the two workers as the comparisons see it. */
export interface ComparedWorker {
  readonly product: 'upstream' | 'holdfast';
  /** Of the REST API. */
  readonly url: string;
  /** Of a listener of its own for /admin, where the settings name one. */
  readonly adminUrl: string;
  /** The worker's folder, in which requests find `in.txt` with three lines; the same content for both. */
  readonly dir: string;
  /** Names of connectors and topics start with it, as both workers share the broker; the same length for both. */
  readonly prefix: string;
  readonly logFile: string;
  readonly isRunning: boolean;
  readonly pid: number;
}

/** Kafka Connect 4.1.1 and Holdfast, standalone, with equal settings and equal plugins. */
export interface WorkerPair {
  readonly upstream: ComparedWorker;
  readonly holdfast: ComparedWorker;
  stop(): Promise<void>;
}

export interface PairOptions {
  readonly bootstrapServers: string;
  /** Settings of both workers; `{dir}` and `{admin}` are replaced. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Maven coordinates of what Kafka Connect needs on its class path for them. */
  readonly javaArtifacts?: readonly string[];
  /** The content of a JAAS file for both; `{dir}` is replaced. */
  readonly jaas?: string;
  readonly javaFlags?: readonly string[];
}

/** Starts both at once; takes some ten seconds. */
export async function startWorkerPair(options: PairOptions): Promise<WorkerPair> {
  const run = Math.random().toString(36).slice(2, 8).padEnd(6, 'x');
  const started = await Promise.allSettled([upstream(options, `k-${run}`), holdfast(options, `h-${run}`)]);
  const [theirs, ours] = started;
  if (theirs.status === 'rejected' || ours.status === 'rejected') {
    await Promise.all(started.map((each) => (each.status === 'fulfilled' ? each.value.stop() : undefined)));
    throw theirs.status === 'rejected' ? theirs.reason : (ours as PromiseRejectedResult).reason;
  }
  return {
    upstream: theirs.value,
    holdfast: ours.value,
    async stop() {
      await Promise.all([theirs.value.stop(), ours.value.stop()]);
    },
  };
}

interface Stoppable extends ComparedWorker {
  stop(): Promise<void>;
}

function workingFolder(): string {
  const dir = tempDir('compat');
  mkdirSync(join(dir, 'secrets'));
  writeFileSync(join(dir, 'in.txt'), 'one\ntwo\nthree\n');
  writeFileSync(join(dir, 'secret.properties'), 'topicname=from-a-file\npassword=hunter2\n');
  writeFileSync(join(dir, 'secrets', 'k1'), 'from-a-folder');
  writeFileSync(join(dir, 'users.properties'), 'ada=lovelace\nco\\:lon=a:b\n\\u00fcser=p\\u00e4ss\n');
  return dir;
}

function settingsFor({ settings = {} }: PairOptions, dir: string, admin: number): Record<string, string> {
  const replaced = Object.entries(settings).map(([key, value]) => [
    key,
    value.replaceAll('{dir}', dir).replaceAll('{admin}', `http://127.0.0.1:${admin}`),
  ]);
  return { 'offset.flush.interval.ms': '500', ...Object.fromEntries(replaced) };
}

/** The loggers of Kafka's own configuration: the root at INFO, and no other. */
function log4jFile(dir: string): string {
  const file = join(dir, 'log4j2.properties');
  writeFileSync(
    file,
    [
      'appender.console.type=Console',
      'appender.console.name=console',
      'rootLogger.level=INFO',
      'rootLogger.appenderRefs=console',
      'rootLogger.appenderRef.console.ref=console',
    ].join('\n'),
  );
  return file;
}

function jaasFile({ jaas }: PairOptions, dir: string): string | null {
  if (jaas === undefined) return null;
  const file = join(dir, 'jaas.conf');
  writeFileSync(file, jaas.replaceAll('{dir}', dir));
  return file;
}

async function upstream(options: PairOptions, prefix: string): Promise<Stoppable> {
  const dir = workingFolder();
  const admin = await freePort();
  const jaas = jaasFile(options, dir);
  const jars = (options.javaArtifacts ?? []).map(async (each) => `${await mavenJars(each, { alone: true })}/*`);
  const worker: JavaConnect = await startJavaConnect({
    mode: 'standalone',
    jvmFlags: [
      ...['-Xmx512M', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      `-Dlog4j2.configurationFile=${log4jFile(dir)}`,
      ...(jaas === null ? [] : [`-Djava.security.auth.login.config=${jaas}`]),
      ...(options.javaFlags ?? []),
    ],
    classPath: await Promise.all(jars),
    workerProps: {
      'bootstrap.servers': options.bootstrapServers,
      'plugin.path': await javaPluginPath(),
      ...settingsFor(options, dir, admin),
    },
  });
  return {
    product: 'upstream',
    url: worker.restUrl,
    adminUrl: `http://127.0.0.1:${admin}`,
    dir,
    prefix,
    logFile: worker.logFile,
    pid: worker.pid,
    get isRunning() {
      return worker.isRunning;
    },
    stop: () => worker.stop(),
  };
}

async function holdfast(options: PairOptions, prefix: string): Promise<Stoppable> {
  const dir = workingFolder();
  const admin = await freePort();
  const jaas = jaasFile(options, dir);
  const worker = await WorkerProcess.start({
    dir: tempDir('compat-worker'),
    bootstrapServers: options.bootstrapServers,
    connectors: {},
    settings: { 'plugin.path': probe, ...settingsFor(options, dir, admin) },
    // As Kafka's start scripts take it.
    ...(jaas === null ? {} : { env: { KAFKA_OPTS: `-Djava.security.auth.login.config=${jaas}` } }),
  });
  return {
    product: 'holdfast',
    url: worker.url,
    adminUrl: `http://127.0.0.1:${admin}`,
    dir,
    prefix,
    logFile: worker.process.logFile,
    pid: worker.process.pid,
    get isRunning() {
      return worker.process.isRunning;
    },
    async stop() {
      await worker.stop();
    },
  };
}
