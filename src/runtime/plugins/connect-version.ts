/** The Kafka Connect that this worker stands in for, and the plugins that stand in for those it comes with. */
import type { PluginDesc } from './plugin-desc.ts';

/** Whose REST API, settings and plugins these are. */
export const CONNECT_API_VERSION = '4.1.1';

/**
 * Versions that a requirement (KIP-891) may name to get a plugin: its own, and, of one that comes with Holdfast under the name of a class of
 * Apache Kafka, that of the Kafka Connect whose class it does as, for that is what configurations pin. A plugin of anybody else has its own
 * alone, whatever it calls its classes.
 */
export function pinnableVersions({ className, version, isOurs }: PluginDesc): readonly string[] {
  const isKafkas = isOurs === true && className.startsWith('org.apache.kafka.');
  return isKafkas ? [version, CONNECT_API_VERSION] : [version];
}
