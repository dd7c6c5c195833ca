/** Which offsets of a data topic's partitions a scan reads. */
import type { Admin, TopicPartition } from '../../broker/ports.ts';
import { ConfigError, defineErrorCode } from '../../sdk/errors/index.ts';

export const TOPIC_NOT_THERE = defineErrorCode('holdfast.recovery.data-topic-missing', {
  what: 'A data topic that was to be searched for schema ids does not exist, or a pattern fits none.',
  mend: 'Check the names after --used-by: topics separated by commas, * stands for any characters.',
});

/** From an offset up to, not including, another one. */
export interface ReadWindow {
  readonly from: number;
  readonly to: number;
}

export interface PartitionWindows extends TopicPartition {
  /** Ascending, apart. */
  readonly windows: readonly ReadWindow[];
}

export interface WindowChoice {
  /** ms since the epoch: only records of that time or later. */
  readonly since?: number;
  /** Only so many records at the end of each partition, by offsets. */
  readonly last?: number;
  /** Only so many records of each partition, by offsets, spread over what the others leave. */
  readonly sample?: number;
}

/** A sample is read in so many places of a partition. */
const SAMPLE_PLACES = 16;

/**
 * Topics by name, in order, each once.
 *
 * @param wanted names, or patterns with `*`
 * @param except never fit a pattern; neither do names that begin with two underscores
 * @throws ConfigError `holdfast.recovery.data-topic-missing`
 */
export async function chosenTopics(
  admin: Admin,
  wanted: readonly string[],
  except: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const there = await admin.listTopics(signal);
  const chosen = new Set<string>();
  for (const each of wanted) {
    const pattern = each.includes('*') ? patternOf(each) : undefined;
    const fit = there.filter((topic) =>
      pattern === undefined
        ? topic === each
        : pattern.test(topic) && !topic.startsWith('__') && !except.includes(topic),
    );
    if (fit.length === 0) {
      const what = pattern === undefined ? `There is no topic '${each}'` : `No topic fits '${each}'`;
      throw new ConfigError(`${what} to search for schema ids. Check the name; * stands for any characters.`, {
        code: TOPIC_NOT_THERE,
      });
    }
    for (const topic of fit) chosen.add(topic);
  }
  return [...chosen].sort();
}

/** Of every partition of the topics up to the end that it has now. */
export async function windowsOf(
  admin: Admin,
  topics: readonly string[],
  choice: WindowChoice,
  signal: AbortSignal,
): Promise<readonly PartitionWindows[]> {
  const described = await admin.describeTopics(topics, signal);
  const partitions = described.flatMap(({ name, partitions }) =>
    partitions.map(({ partition }) => ({ topic: name, partition })),
  );
  const at = (where: 'earliest' | 'latest' | number): Promise<readonly number[]> =>
    admin.listOffsets(
      partitions.map((partition) => ({ ...partition, at: where })),
      signal,
    );
  const starts = await at('earliest');
  const ends = await at('latest');
  const since = choice.since === undefined ? starts : await at(choice.since);
  return partitions.map((partition, index) => {
    const to = ends[index] ?? 0;
    const last = choice.last === undefined ? 0 : to - choice.last;
    const from = Math.max(starts[index] ?? 0, since[index] ?? 0, last);
    return { ...partition, windows: from >= to ? [] : spread({ from, to }, choice.sample) };
  });
}

function spread({ from, to }: ReadWindow, sample: number | undefined): readonly ReadWindow[] {
  if (sample === undefined || sample >= to - from) return [{ from, to }];
  const places = Math.min(SAMPLE_PLACES, sample);
  const each = Math.floor(sample / places);
  // The first begins at the beginning, and the last ends at the end.
  const step = places === 1 ? 0 : (to - from - each) / (places - 1);
  return Array.from({ length: places }, (_, index) => {
    const begin = places === 1 ? to - each : from + Math.floor(index * step);
    return { from: begin, to: begin + each };
  });
}

function patternOf(glob: string): RegExp {
  return new RegExp(`^${glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
}
