/**
 * Java plugins in `plugin.path`, which people bring along from Kafka Connect: an archive, a folder of archives, or one with them in `lib`, as
 * Confluent's packages are.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const MOST_NAMES = 5;

export function isJavaArchive(path: string): boolean {
  return /\.(?:jar|war|zip)$/i.test(path);
}

/** Whether archives lie in the folder or its `lib`. What can't be read has none. */
export async function hasJavaArchives(folder: string): Promise<boolean> {
  for (const place of [folder, join(folder, 'lib')]) {
    if ((await readdir(place).catch(() => [])).some(isJavaArchive)) return true;
  }
  return false;
}

/** @param names at least one */
export function javaPluginsSentence(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  const listed = names.slice(0, MOST_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
  return `Java plugins (${listed}) do not run here: plugins are JavaScript modules. The FileStream connectors and Kafka's own converters and transformations are built in and need no plugin.path`;
}
