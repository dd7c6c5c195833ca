/** With which settings a registry's topic is made anew: those that it had, but for what would lose or refuse its records. */
import type { RawRecord } from '../records/raw-record.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';

/** Kafka's own default for a topic, in bytes. */
const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;
/** Of a batch around one record, and a little more. */
const BATCH_OVERHEAD = 1024;

/** Of the cluster that the topic lay on, of vendors, or gone from Kafka by now: another broker refuses them. */
const LEFT_OUT = [
  /^confluent\./,
  /\.throttled\.replicas$/,
  /^remote\./,
  /^local\.retention/,
  /^message\.format\.version$/,
];
/** Would change or refuse the times that records have. */
const TIME_SETTINGS = /^message\.(timestamp\.|downconversion)/;
/** Have no meaning where nothing is deleted by time or size, and would lose everything once somebody adds that policy. */
const RETENTION = /^retention\.(ms|bytes)$/;

export interface TopicSettings {
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
  /** What differs from how it was, and why. */
  readonly notes: readonly string[];
}

/**
 * @param was undefined: not known, as in a backup over REST
 * @param largestRecord bytes of key, value and headers of the largest one
 */
export function topicSettings(options: {
  readonly was: TopicFacts | undefined;
  readonly brokers: number;
  readonly largestRecord: number;
}): TopicSettings {
  const { was, brokers, largestRecord } = options;
  const notes: string[] = [];
  const wanted = was?.replicationFactor ?? 3;
  const replicationFactor = Math.max(1, Math.min(wanted, brokers));
  if (was !== undefined && replicationFactor !== wanted) {
    notes.push(`replication factor ${replicationFactor} instead of ${wanted}, as the cluster has ${brokers} brokers`);
  }
  const configs: Record<string, string> = { 'cleanup.policy': 'compact' };
  for (const [name, value] of Object.entries(was?.overrides ?? {})) {
    if (name === 'cleanup.policy') {
      if (value !== 'compact') notes.push(`cleanup.policy=compact instead of ${value}, which would lose schemas`);
    } else if (RETENTION.test(name) || TIME_SETTINGS.test(name) || LEFT_OUT.some((pattern) => pattern.test(name))) {
      notes.push(`${name}=${value} is left out`);
    } else configs[name] = value;
  }
  clipInSync(configs, replicationFactor, notes);
  const least = largestRecord + BATCH_OVERHEAD;
  if (least > Number(configs['max.message.bytes'] ?? DEFAULT_MAX_MESSAGE_BYTES)) {
    configs['max.message.bytes'] = String(least);
    notes.push(`max.message.bytes=${least}, as the largest record needs it`);
  }
  return { replicationFactor, configs, notes };
}

/**
 * With which settings a topic is made again as it was: all that it had, but for what would now lose its records, as old as they are, refuse
 * them, or change their times.
 */
export function settingsAsBefore(
  was: TopicFacts,
  largestRecord: number,
): { readonly configs: Readonly<Record<string, string>>; readonly notes: readonly string[] } {
  const notes: string[] = [];
  // A default of the cluster holds too: registries' topics are made compact where nothing is said.
  const configs: Record<string, string> = { 'cleanup.policy': was.effective['cleanup.policy'] ?? 'compact' };
  for (const [name, value] of Object.entries(was.overrides)) {
    if (TIME_SETTINGS.test(name) || LEFT_OUT[1]?.test(name) === true) notes.push(`${name}=${value} is left out`);
    else configs[name] = value;
  }
  if (/delete/.test(configs['cleanup.policy'] ?? '')) {
    for (const name of ['retention.ms', 'retention.bytes']) {
      const value = configs[name] ?? was.effective[name];
      configs[name] = '-1';
      notes.push(`${name}=-1 instead of ${value ?? 'its default'}, which would lose records again`);
    }
  }
  const least = largestRecord + BATCH_OVERHEAD;
  if (least > Number(was.effective['max.message.bytes'] ?? configs['max.message.bytes'] ?? DEFAULT_MAX_MESSAGE_BYTES)) {
    configs['max.message.bytes'] = String(least);
    notes.push(`max.message.bytes=${least}, as the largest record needs it`);
  }
  return { configs, notes };
}

/** What a topic that is there has to be set to so that it takes a record of that size; undefined: it takes it. */
export function messageBytesFor(largestRecord: number, { effective }: TopicFacts): string | undefined {
  const least = largestRecord + BATCH_OVERHEAD;
  return least > Number(effective['max.message.bytes'] ?? DEFAULT_MAX_MESSAGE_BYTES) ? String(least) : undefined;
}

/** Bytes of key, value and headers. */
export function sizeOf({ key, value, headers }: Pick<RawRecord, 'key' | 'value' | 'headers'>): number {
  let size = (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers) size += header.key.length + (header.value?.length ?? 0) + 16;
  return size;
}

function clipInSync(configs: Record<string, string>, replicationFactor: number, notes: string[]): void {
  const least = configs['min.insync.replicas'];
  if (least === undefined || Number(least) <= replicationFactor) return;
  configs['min.insync.replicas'] = String(replicationFactor);
  notes.push(`min.insync.replicas=${replicationFactor} instead of ${least}, or nothing could be written`);
}
