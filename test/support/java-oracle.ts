/** A Java program of test/support/java that answers one line of JSON with one line of JSON. */
import { execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { javaKafkaLibs } from './java-libs.ts';
import { tempDir } from './temp-dir.ts';

const sources = fileURLToPath(new URL('./java/', import.meta.url));
const flags = ['-Xmx512m', '-Duser.timezone=UTC', '-Duser.language=en', '-Duser.country=US', '-Dfile.encoding=UTF-8'];

export interface JavaOracle {
  /** The answers, in order. Rejects when the program ends. */
  ask<T>(questions: readonly unknown[]): Promise<T[]>;
  stop(): Promise<void>;
}

/** Compiles and starts it. It ends with this process at the latest, for its standard input ends then. */
export async function startJavaOracle(options: {
  readonly main: string;
  /** Further classes of test/support/java that it needs. */
  readonly with: readonly string[];
  /** Before the jars of Kafka. */
  readonly classpath?: string;
}): Promise<JavaOracle> {
  const { classpath } = await javaKafkaLibs();
  const classes = tempDir('oracle');
  const libs = options.classpath === undefined ? classpath : `${options.classpath}:${classpath}`;
  const files = [options.main, ...options.with].map((name) => `${sources}${name}.java`);
  execFileSync('javac', ['-nowarn', '-d', classes, '-cp', libs, ...files], { stdio: ['ignore', 'ignore', 'inherit'] });
  const child = spawn('java', [...flags, '-cp', `${classes}:${libs}`, options.main], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
  let isOver = false;
  const ended = new Promise<void>((resolve) => {
    child.once('close', (code) => {
      isOver = true;
      for (const { reject } of waiting.splice(0)) reject(new Error(`${options.main} ended with code ${code}`));
      resolve();
    });
  });
  child.stdin.on('error', () => {});
  // node:readline would also split at U+2028, which JSON may hold.
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) waiting.shift()?.resolve(line);
  });
  return {
    async ask<T>(questions: readonly unknown[]) {
      if (isOver) throw new Error(`${options.main} has ended`);
      const answers = questions.map(() => new Promise<string>((resolve, reject) => waiting.push({ resolve, reject })));
      child.stdin.write(questions.map((question) => `${JSON.stringify(question)}\n`).join(''));
      return (await Promise.all(answers)).map((line) => JSON.parse(line) as T);
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
