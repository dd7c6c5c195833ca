import { execFileSync } from 'node:child_process';

let missing: string | undefined;
let checked = false;

/** What is missing to run Java programs from Maven's jars, for example `Java 17 or later`; undefined when nothing is. */
export function missingForJava(): string | undefined {
  if (!checked) {
    checked = true;
    missing = findMissing();
  }
  return missing;
}

/**
 * Whether Java 17 or later and Maven are there. With `CI=true` their absence is an error, so that a build never turns
 * green by skipping.
 */
export function javaAvailable(): boolean {
  const lacking = missingForJava();
  if (lacking === undefined) return true;
  if (process.env['CI'] === 'true') {
    throw new Error(`${lacking} is missing, and with CI=true the tests against a real Kafka have to run. Install it.`);
  }
  return false;
}

function findMissing(): string | undefined {
  const lacking: string[] = [];
  const java = versionOutput('java', ['-version']);
  const major = Number(/version "(\d+)/.exec(java ?? '')?.[1] ?? 0);
  if (major < 17) lacking.push(java === undefined ? 'Java 17 or later' : `Java 17 or later (found ${major})`);
  if (versionOutput('mvn', ['--version']) === undefined) lacking.push('Maven (mvn)');
  return lacking.length === 0 ? undefined : lacking.join(' and ');
}

function versionOutput(command: string, args: string[]): string | undefined {
  try {
    return execFileSync('/bin/sh', ['-c', 'exec "$0" "$@" 2>&1', command, ...args], { encoding: 'utf8' });
  } catch {
    return undefined;
  }
}
