import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { SupervisedProcess } from './child-process.ts';
import { javaKafkaLibs } from './java-libs.ts';
import {
  type KafkaListener,
  type KafkaListenerKind,
  listenerProperties,
  needsTls,
  type ResolvedListener,
  scramMechanism,
} from './kafka-listener.ts';
import { freePort } from './ports.ts';
import { writeProperties } from './properties-file.ts';
import { tempDir } from './temp-dir.ts';
import { createTlsMaterial, type TlsMaterial } from './tls.ts';

export interface KafkaOptions {
  /** `[plaintext]` unless told; `bootstrapServers` names the first. */
  readonly listeners?: readonly (KafkaListenerKind | KafkaListener)[];
  /** The port of the first listener; a free one unless told. */
  readonly port?: number;
  /** A new temporary folder unless told. A folder that holds a formatted Kafka is used as it is. */
  readonly dataDir?: string;
  /** Broker properties that override the defaults below. */
  readonly properties?: Readonly<Record<string, string>>;
  /** The user of every SASL listener; `holdfast` with password `holdfast-secret` unless told. */
  readonly user?: { readonly username: string; readonly password: string };
  /** JVM flags instead of the small defaults (`-Xms128m -Xmx512m`, serial GC, first compiler tier only). */
  readonly jvmFlags?: readonly string[];
  readonly signal?: AbortSignal;
}

/** A running one-node Kafka 4.1.1 (KRaft, broker and controller in one process) on the loopback interface. */
export interface Kafka {
  /** `127.0.0.1:port` of the first listener. */
  readonly bootstrapServers: string;
  /** The port of the first listener. */
  readonly port: number;
  readonly controllerPort: number;
  readonly dataDir: string;
  readonly logFile: string;
  readonly user: { readonly username: string; readonly password: string };
  /** Present when a listener uses TLS. */
  readonly tls: TlsMaterial | undefined;
  /** Of the present process; another one after `restart`. */
  readonly pid: number;
  readonly isRunning: boolean;
  /** The real port of the listener of that name. */
  portOf(listener: string): number;
  /** `127.0.0.1:port` of the listener of that name: the port it advertises, so a proxy's if it has one. */
  bootstrapServersOf(listener: string): string;
  /** SIGTERM: a clean shut-down; SIGKILL after 20 s. */
  stop(): Promise<void>;
  /** Sends a signal; with SIGKILL it resolves when the process is gone, with SIGSTOP and SIGCONT at once. */
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): Promise<void>;
  /** Starts it again on the same ports and data; stops it first if it runs. */
  restart(signal?: AbortSignal): Promise<void>;
  /** Kills it and removes its data. */
  remove(): Promise<void>;
}

const startTimeoutMs = 90_000;

const smallJvm = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

const oneNodeDefaults = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'num.network.threads': '2',
  'num.io.threads': '4',
  'offsets.topic.num.partitions': '1',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.num.partitions': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.num.partitions': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'default.replication.factor': '1',
  'min.insync.replicas': '1',
  'group.initial.rebalance.delay.ms': '0',
  // After a SIGKILL the controller takes the broker back only when the session of the killed one is over; 9 s by default.
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500',
  // The default buffer alone takes 128 MB of heap.
  'log.cleaner.dedupe.buffer.size': '8388608',
};

/**
 * Formats a data folder and starts Kafka in it; resolves when every listener serves. Takes some 4 s on a quiet machine.
 * It ends with this process at the latest. A failure to start carries the end of Kafka's log.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const listeners = await resolveListeners(options);
  const controllerPort = await freePort();
  const dataDir = options.dataDir ?? tempDir('kafka');
  mkdirSync(dataDir, { recursive: true });
  const user = options.user ?? { username: 'holdfast', password: 'holdfast-secret' };
  const tls = listeners.some((l) => needsTls(l.kind)) ? createTlsMaterial(dataDir) : undefined;
  const propertiesFile = join(dataDir, 'server.properties');
  const logFile = join(dataDir, 'kafka.log');
  const logDir = join(dataDir, 'data');
  writeProperties(propertiesFile, {
    ...oneNodeDefaults,
    ...listenerProperties(listeners, { controllerPort, user, tls }),
    'log.dirs': logDir,
    ...options.properties,
  });
  const { classpath } = await javaKafkaLibs(options.signal);

  const java = (name: string, main: string, flags: readonly string[], args: readonly string[]) =>
    SupervisedProcess.start({
      name,
      command: 'java',
      args: [...flags, ...logFlags, '-cp', classpath, main, ...args],
      logFile,
    });

  const format = async (): Promise<void> => {
    if (existsSync(join(logDir, 'meta.properties'))) return;
    const mechanisms = new Set(listeners.map((l) => scramMechanism(l.kind)).filter((m) => m !== undefined));
    const scram = [...mechanisms].flatMap((m) => ['-S', `${m}=[name=${user.username},password=${user.password}]`]);
    // One that begins with a dash would be taken for an option.
    const clusterId = `k${randomBytes(16).toString('base64url').slice(1)}`;
    const process = await java('StorageTool', 'kafka.tools.StorageTool', smallJvm, [
      ...['format', '-t', clusterId, '-c', propertiesFile],
      ...scram,
    ]);
    const { code } = await process.waitForExit();
    if (code !== 0) throw new Error(`formatting Kafka's storage failed (code ${code})\n${process.log()}`);
  };

  const serve = async (signal: AbortSignal | undefined): Promise<SupervisedProcess> => {
    const process = await java('Kafka', 'kafka.Kafka', options.jvmFlags ?? smallJvm, [propertiesFile]);
    try {
      await process.waitUntil(() => process.log().includes('Kafka Server started'), {
        timeoutMs: startTimeoutMs,
        signal,
      });
      for (const { port } of listeners) await process.waitUntil(() => accepts(port), { timeoutMs: 10_000, signal });
    } catch (error) {
      process.kill('SIGKILL');
      throw error;
    }
    return process;
  };

  await format();
  let current = await serve(options.signal);

  const listenerOf = (name: string): ResolvedListener => {
    const listener = listeners.find((l) => l.name === name);
    if (listener === undefined) {
      throw new Error(
        `Kafka was started without a listener '${name}', only ${listeners.map((l) => l.name).join(', ')}`,
      );
    }
    return listener;
  };
  const first = listeners[0];
  if (first === undefined) throw new Error('Kafka needs a listener');

  const kill: Kafka['kill'] = async (signal) => {
    current.kill(signal);
    if (signal === 'SIGKILL') await current.waitForExit();
  };
  const stop: Kafka['stop'] = async () => {
    await current.stop();
  };
  return {
    bootstrapServers: `127.0.0.1:${first.advertisedPort}`,
    port: first.port,
    controllerPort,
    dataDir,
    logFile,
    user,
    tls,
    get pid() {
      return current.pid;
    },
    get isRunning() {
      return current.isRunning;
    },
    portOf: (name) => listenerOf(name).port,
    bootstrapServersOf: (name) => `127.0.0.1:${listenerOf(name).advertisedPort}`,
    stop,
    kill,
    async restart(signal) {
      await stop();
      current = await serve(signal);
    },
    async remove() {
      await kill('SIGKILL');
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

// Warnings and worse, and the one line that says it serves.
const logFlags = [
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
];

async function resolveListeners({ listeners = ['plaintext'], port }: KafkaOptions): Promise<ResolvedListener[]> {
  const resolved: ResolvedListener[] = [];
  for (const [i, given] of listeners.entries()) {
    const listener: KafkaListener = typeof given === 'string' ? { kind: given } : given;
    const own = listener.port ?? (i === 0 ? port : undefined) ?? (await freePort());
    resolved.push({
      kind: listener.kind,
      name: listener.name ?? listener.kind,
      port: own,
      advertisedPort: listener.advertisedPort ?? own,
    });
  }
  return resolved;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
