import { execFileSync } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SupervisedProcess } from './child-process.ts';
import { answers } from './java-connect.ts';
import { cached, maven } from './java-libs.ts';
import { freePort } from './ports.ts';
import { tempDir } from './temp-dir.ts';

const version = '3.0.9';

export interface ApicurioOptions {
  /** The Kafka that holds its topics. */
  readonly bootstrapServers: string;
  /** `kafkasql-journal` unless told; nodes of one registry share it. */
  readonly journalTopic?: string;
  readonly port?: number;
  readonly signal?: AbortSignal;
}

/** A running Apicurio registry 3.0.9, one node, stored in Kafka. */
export interface Apicurio {
  /** Of the Confluent-compatible API, `/apis/ccompat/v7`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly logFile: string;
  stop(): Promise<void>;
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): Promise<void>;
}

/** Starts a node; resolves when its API answers, which takes up to 25 s. The first start of a machine fetches 109 MB. */
export async function startApicurio(options: ApicurioOptions): Promise<Apicurio> {
  const root = await cached(`apicurio-${version}`, async (dir) => {
    const artifact = `io.apicurio:apicurio-registry-app:${version}:tar.gz:all`;
    await maven(['dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${dir}`], options.signal);
    for (const file of await readdir(dir)) {
      execFileSync('tar', ['-xzf', join(dir, file), '-C', dir]);
      await rm(join(dir, file));
    }
  });
  const jar = (await readdir(root, { recursive: true })).find((file) => file.endsWith('-runner.jar'));
  if (jar === undefined) throw new Error(`no runner jar of Apicurio in ${root}; remove the folder and try again`);
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  const dir = tempDir('apicurio');
  const node = await SupervisedProcess.start({
    name: 'Apicurio',
    command: 'java',
    args: ['-Xmx700m', '-jar', join(root, jar)],
    cwd: dir,
    env: {
      ...process.env,
      APICURIO_STORAGE_KIND: 'kafkasql',
      APICURIO_KAFKASQL_BOOTSTRAP_SERVERS: options.bootstrapServers,
      APICURIO_KAFKASQL_TOPIC: options.journalTopic ?? 'kafkasql-journal',
      QUARKUS_HTTP_HOST: '127.0.0.1',
      QUARKUS_HTTP_PORT: String(port),
    },
    logFile: join(dir, 'apicurio.log'),
  });
  try {
    await node.waitUntil(() => answers(`${url}/subjects`), { timeoutMs: 180_000, signal: options.signal });
  } catch (error) {
    node.kill('SIGKILL');
    throw error;
  }
  return {
    url,
    port,
    pid: node.pid,
    logFile: node.logFile,
    async stop() {
      await node.stop();
    },
    async kill(signal) {
      node.kill(signal);
      if (signal === 'SIGKILL') await node.waitForExit();
    },
  };
}
