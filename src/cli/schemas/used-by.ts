/** `--used-by`: which ids data carries, how much of it is read, and where the ids are looked up. */
import type { Command } from 'commander';
import { type FindUsedIdsOptions, findUsedIds } from '../../recovery/data/find-used-ids.ts';
import type { UsedIds } from '../../recovery/data/used-ids.ts';
import { UsageError } from '../exit-codes.ts';
import { parseDuration } from './duration.ts';
import type { SchemasSession } from './schemas-session.ts';

export interface UsedByOptions {
  readonly usedBy?: string;
  /** ISO 8601, or a time back from now such as 7d. */
  readonly since?: string;
  readonly last?: string;
  readonly sample?: string;
  readonly dataContext?: readonly string[];
}

/** @param what what the data is searched for */
export function withUsedByOptions(
  command: Command,
  what = 'search these data topics (names or patterns, with commas between) for ids that nothing resolves',
): Command {
  return command
    .option('--used-by <topics>', what)
    .option('--since <time>', 'of data: only from this time on, such as 2026-11-01T00:00:00Z, or 7d for the last week')
    .option('--last <records>', 'of data: only so many at the end of each partition')
    .option('--sample <records>', 'of data: only so many of each partition, from all over it')
    .option(
      '--data-context <topic=context>',
      'look up the ids of a topic in this context, or with =CONTEXT those of all topics',
      (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
    );
}

/**
 * @param known the highest id that the registry is known to have given out; or the only ids that are of interest
 * @throws UsageError; of findUsedIds
 */
export async function usedIdsOf(
  session: SchemasSession,
  options: UsedByOptions & { readonly usedBy: string },
  known: { readonly highestId?: number; readonly ids?: ReadonlySet<number> } = {},
): Promise<UsedIds> {
  const { signal, logger, progress, clock } = session;
  return findUsedIds(
    {
      ...searchOf(options, clock.now()),
      ...{ broker: await session.broker(), settings: {}, logger, except: [session.options.topic] },
      ...known,
    },
    signal,
    ({ done, total }) => progress.report('Searching data for schema ids', done, total),
  );
}

/** What the options say. @throws UsageError */
export function searchOf(
  { usedBy, since, last, sample, dataContext = [] }: UsedByOptions & { readonly usedBy: string },
  now: number,
): Pick<FindUsedIdsOptions, 'topics' | 'since' | 'last' | 'sample' | 'contextOf'> {
  const topics = usedBy
    .split(',')
    .map((topic) => topic.trim())
    .filter((topic) => topic !== '');
  if (topics.length === 0) throw new UsageError('--used-by names no topic.');
  const contexts = contextsOf(dataContext);
  return {
    topics,
    ...(since === undefined ? {} : { since: timeOf(since, now) }),
    ...(last === undefined ? {} : { last: countOf('--last', last) }),
    ...(sample === undefined ? {} : { sample: countOf('--sample', sample) }),
    contextOf: (topic) => contexts.get(topic) ?? contexts.get('') ?? '',
  };
}

function timeOf(text: string, now: number): number {
  if (/^\d{1,6}[smhd]$/.test(text)) return now - parseDuration('--since', text);
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new UsageError(`--since ${text} is neither a time such as 2026-11-01T00:00:00Z nor 7d.`);
  return time;
}

function countOf(option: string, text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UsageError(`${option} ${text} is no number of records.`);
  return Number(text);
}

/** By topic; '' are all others. */
function contextsOf(texts: readonly string[]): ReadonlyMap<string, string> {
  const contexts = new Map<string, string>();
  for (const text of texts) {
    const [, topic, context] = /^([a-zA-Z0-9._-]*)=:?\.?([^:=]*):?$/.exec(text) ?? [];
    if (topic === undefined || context === undefined) {
      throw new UsageError(`--data-context must be TOPIC=CONTEXT, or =CONTEXT, not ${text}.`);
    }
    contexts.set(topic, context);
  }
  return contexts;
}
