import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { javaKafkaLibs } from './java-libs.ts';

const run = promisify(execFile);

/** What `kafka-acls.sh --add` does: lets the user do these on all topics whose name begins so. Takes some 2 s. */
export async function allowOnTopics(options: {
  readonly bootstrapServers: string;
  readonly user: string;
  readonly operations: readonly ('Describe' | 'Write' | 'Read' | 'Create')[];
  readonly prefix: string;
}): Promise<void> {
  const { classpath } = await javaKafkaLibs();
  await run('java', [
    ...['-XX:TieredStopAtLevel=1', '-cp', classpath, 'org.apache.kafka.tools.AclCommand'],
    ...['--bootstrap-server', options.bootstrapServers, '--add', '--allow-principal', `User:${options.user}`],
    ...options.operations.flatMap((operation) => ['--operation', operation]),
    ...['--topic', options.prefix, '--resource-pattern-type', 'prefixed', '--force'],
  ]);
}
