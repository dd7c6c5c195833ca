import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cached, javaKafkaLibs } from './java-libs.ts';

const run = promisify(execFile);
const sources = fileURLToPath(new URL('./java/compat', import.meta.url));

/**
 * A folder for Kafka Connect's `plugin.path` with connect-file and the probes of java/compat, compiled on the first call of a
 * machine and from the cache afterwards.
 */
export async function javaPluginPath(signal?: AbortSignal): Promise<string> {
  const { classpath, pluginPath } = await javaKafkaLibs(signal);
  const files = (await readdir(sources))
    .filter((name) => name.endsWith('.java'))
    .sort()
    .map((name) => join(sources, name));
  const hash = createHash('sha256').update(classpath);
  for (const file of files) hash.update(await readFile(file));
  return cached(`probe-${hash.digest('hex').slice(0, 16)}`, async (dir) => {
    const classes = join(dir, 'probe');
    await mkdir(classes);
    await run('javac', ['-cp', classpath, '-d', classes, ...files], { signal });
    await cp(join(pluginPath, 'connect-file'), join(dir, 'connect-file'), { recursive: true });
  });
}
