import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const pom = fileURLToPath(new URL('./kafka/pom.xml', import.meta.url));

/** The jars of Kafka and Kafka Connect 4.1.1 in the cache folder. */
export interface JavaKafkaLibs {
  /** For `java -cp`: everything but the plugins. */
  readonly classpath: string;
  /** For Kafka Connect's `plugin.path`: one sub-folder per plugin, `connect-file` in this one. */
  readonly pluginPath: string;
}

/**
 * Resolves the jars named in kafka/pom.xml, with Maven on the first call of a machine, from the cache afterwards. Safe to
 * call from several processes at once. The cache is `HOLDFAST_TEST_CACHE` or `~/.cache/holdfast-test`.
 */
export async function javaKafkaLibs(signal?: AbortSignal): Promise<JavaKafkaLibs> {
  const key = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
    .slice(0, 16);
  const root = await cached(`kafka-${key}`, async (dir) => {
    const lib = join(dir, 'lib');
    await maven(
      ['-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${lib}`],
      signal,
    );
    // Apart from the class path, as Kafka Connect wants plugins: it scans every jar of plugin.path as a plugin.
    const plugin = join(dir, 'plugins', 'connect-file');
    await mkdir(plugin, { recursive: true });
    for (const jar of await readdir(lib)) {
      if (jar.startsWith('connect-file-')) await rename(join(lib, jar), join(plugin, jar));
    }
  });
  return { classpath: `${join(root, 'lib')}/*`, pluginPath: join(root, 'plugins') };
}

/** The jars of avro-converter/pom.xml, for `java -cp`, fetched and kept as those of Kafka are, which are not among them. */
export async function javaAvroLibs(signal?: AbortSignal): Promise<string> {
  const avroPom = fileURLToPath(new URL('./avro-converter/pom.xml', import.meta.url));
  const key = createHash('sha256')
    .update(await readFile(avroPom))
    .digest('hex')
    .slice(0, 16);
  const root = await cached(`avro-${key}`, (dir) =>
    maven(
      ['-f', avroPom, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${dir}`],
      signal,
    ),
  );
  return `${root}/*`;
}

/**
 * The folder of that name in the cache, filled by `fill` the first time. It appears whole or not at all: it is filled
 * under another name and renamed; of two processes that race, the later throws its copy away.
 */
export async function cached(name: string, fill: (dir: string) => Promise<void>): Promise<string> {
  const cache = process.env['HOLDFAST_TEST_CACHE'] ?? join(homedir(), '.cache', 'holdfast-test');
  const target = join(cache, name);
  if (existsSync(target)) return target;
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, `.${name}-`));
  try {
    await fill(draft);
    await rename(draft, target).catch((error: unknown) => {
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return target;
}

/**
 * A folder with the jars of Maven Central's `group:artifact:version`, and of all that it needs unless `alone`; from the cache
 * after the first call.
 */
export async function mavenJars(
  coordinates: string,
  { alone = false, signal }: { readonly alone?: boolean; readonly signal?: AbortSignal } = {},
): Promise<string> {
  const [group, artifact, version] = coordinates.split(':');
  if (group === undefined || artifact === undefined || version === undefined) {
    throw new Error(`"${coordinates}" is not group:artifact:version`);
  }
  return cached(`${artifact}-${version}`, async (dir) => {
    if (alone) {
      await maven(['dependency:copy', `-Dartifact=${coordinates}`, `-DoutputDirectory=${dir}`], signal);
      return;
    }
    const project = join(dir, 'pom.xml');
    await writeFile(
      project,
      `<project><modelVersion>4.0.0</modelVersion><groupId>holdfast.test</groupId><artifactId>libs</artifactId><version>1</version><packaging>pom</packaging><dependencies><dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency></dependencies></project>`,
    );
    await maven(
      ['-f', project, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${dir}`],
      signal,
    );
  });
}

/** Runs Maven quietly; its output is in the error when it fails. */
export async function maven(args: readonly string[], signal?: AbortSignal): Promise<void> {
  try {
    await run('mvn', ['-q', '-B', ...args], { signal, maxBuffer: 64 << 20 });
  } catch (cause) {
    const output = cause instanceof Error && 'stdout' in cause ? String(cause.stdout).slice(-4000) : '';
    throw new Error(`mvn ${args.join(' ')} failed; is Maven Central, or a mirror of it, within reach?\n${output}`, {
      cause,
    });
  }
}
