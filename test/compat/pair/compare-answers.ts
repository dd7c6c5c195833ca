import type { RestAnswer } from './exchange.ts';
import type { ComparedWorker } from './worker-pair.ts';

/** One difference between the two answers to a request. */
export interface Difference {
  /** `status`, `header location`, or the place in the body: `body.tasks[0].state`. */
  readonly at: string;
  readonly upstream: unknown;
  readonly holdfast: unknown;
}

/** Headers that clients act on. */
const HEADERS = [
  'content-type',
  'location',
  'allow',
  'www-authenticate',
  'vary',
  'access-control-allow-origin',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-allow-credentials',
  'access-control-max-age',
];

/** Sets of methods, in no order of their own: Java makes one up at each start of a worker. */
const SETS = ['allow', 'access-control-allow-methods'];

/** Objects whose keys are data: their order carries nothing, as Kafka Connect keeps many of them in hash maps. */
const UNORDERED = /(?:^body|\.config|\.properties|\.partition|\.offset)$/;

/** Lists that come out of hash maps upstream: offsets, and the tasks of a restart's plan. */
const UNORDERED_LISTS = /^body\.(?:offsets|tasks)$/;

/** Why an answer differs in these places from run to run and worker to worker; docs/compat.md lists them. */
export const NORMALISED: readonly (readonly [what: string, why: string])[] = [
  ['the address of the worker (`worker_id`, `Location`, `url`)', 'each worker has its own'],
  ['the prefix of connector and topic names', 'both use one broker'],
  ['`trace`', 'a Java stack trace and a JavaScript one: that there is one is compared'],
  ['`version` and `commit` of `GET /`', 'Holdfast names the Kafka Connect it follows, not its commit'],
  ['`documentation` of settings', 'the sentences are our own'],
  ['`last_modified`, `timestamp` and the times in stage texts', 'two clocks'],
  [
    'the order of names in objects keyed by connector or setting, of connectors in lists, of offsets, of the tasks of a restart',
    'hash maps upstream',
  ],
];

export function compareAnswers(
  theirs: RestAnswer,
  ours: RestAnswer,
  workers: { readonly upstream: ComparedWorker; readonly holdfast: ComparedWorker },
  statusOnly = false,
): Difference[] {
  const differences: Difference[] = [];
  const isSameStatus = theirs.status === ours.status;
  if (!isSameStatus) differences.push({ at: 'status', upstream: theirs.status, holdfast: ours.status });
  for (const name of HEADERS) {
    const upstream = header(theirs, name, workers.upstream);
    const holdfast = header(ours, name, workers.holdfast);
    if (upstream !== holdfast) differences.push({ at: `header ${name}`, upstream, holdfast });
  }
  if (statusOnly) return differences;
  const upstream = normalised(theirs.body, workers.upstream, 'body');
  const holdfast = normalised(ours.body, workers.holdfast, 'body');
  if (isSameStatus) walk(upstream, holdfast, 'body', differences);
  // An answer and an error have nothing in common that could be compared one by one.
  else differences.push({ at: 'body', upstream, holdfast });
  return differences;
}

function header(answer: RestAnswer, name: string, worker: ComparedWorker): string | null {
  const value = answer.headers[name];
  if (value === undefined) return null;
  return SETS.includes(name)
    ? value
        .split(/\s*,\s*/)
        .sort()
        .join(',')
    : neutral(value, worker);
}

/** The text without what names this worker. */
export function neutral(text: string, worker: ComparedWorker): string {
  return text
    .replaceAll(new URL(worker.url).host, '<worker>')
    .replaceAll(new URL(worker.adminUrl).host, '<admin>')
    .replaceAll(worker.dir, '<dir>')
    .replaceAll(worker.prefix, '<p>')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>');
}

function normalised(value: unknown, worker: ComparedWorker, at: string): unknown {
  if (typeof value === 'string') return neutral(value, worker);
  if (Array.isArray(value)) {
    const items = value.map((each, i) => normalised(each, worker, `${at}[${i}]`));
    const asSet = UNORDERED_LISTS.test(at) || (at === 'body' && items.every((each) => typeof each === 'string'));
    return asSet ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => {
    const key = neutral(name, worker);
    return [key, known(key, inner, at) ?? normalised(inner, worker, `${at}.${key}`)] as const;
  });
  return Object.fromEntries(UNORDERED.test(at) ? entries.sort(([a], [b]) => (a < b ? -1 : 1)) : entries);
}

function known(key: string, value: unknown, at: string): unknown {
  if (key === 'trace' && typeof value === 'string' && value !== '') return '<trace>';
  if (key === 'commit' || (key === 'version' && at === 'body')) return typeof value;
  if (key === 'documentation' && at.endsWith('definition')) return typeof value;
  if (key === 'documentation' && /^body\[\d+\]$/.test(at)) return typeof value;
  if (key === 'last_modified' && typeof value === 'number') return '<time>';
  return undefined;
}

function walk(upstream: unknown, holdfast: unknown, at: string, found: Difference[]): void {
  if (upstream === holdfast) return;
  if (Array.isArray(upstream) && Array.isArray(holdfast)) {
    walkLists(upstream, holdfast, at, found);
    return;
  }
  if (!isObject(upstream) || !isObject(holdfast)) {
    found.push({ at, upstream, holdfast });
    return;
  }
  const names = Object.keys(upstream);
  const common = names.filter((name) => name in holdfast);
  const ours = Object.keys(holdfast).filter((name) => name in upstream);
  if (common.join() !== ours.join()) {
    found.push({ at: `${at} (order)`, upstream: common.join(' '), holdfast: ours.join(' ') });
  }
  for (const name of new Set([...names, ...Object.keys(holdfast)])) {
    walk(upstream[name], holdfast[name], `${at}.${name}`, found);
  }
}

/** Lists of named things (settings, plugins) are matched by name, so that one more in the middle is one difference. */
function walkLists(upstream: readonly unknown[], holdfast: readonly unknown[], at: string, found: Difference[]): void {
  const theirs = upstream.map(nameOf);
  const ours = holdfast.map(nameOf);
  const named = [...theirs, ...ours].every((name) => name !== undefined);
  if (!named) {
    if (upstream.length !== holdfast.length) {
      found.push({ at, upstream, holdfast });
      return;
    }
    upstream.forEach((each, i) => {
      walk(each, holdfast[i], `${at}[${i}]`, found);
    });
    return;
  }
  const common = theirs.filter((name) => ours.includes(name));
  const commonOurs = ours.filter((name) => theirs.includes(name));
  if (common.join() !== commonOurs.join()) {
    found.push({ at: `${at} (order)`, upstream: common.join(' '), holdfast: commonOurs.join(' ') });
  }
  for (const name of new Set([...theirs, ...ours])) {
    walk(upstream[theirs.indexOf(name)], holdfast[ours.indexOf(name)], `${at}[${name}]`, found);
  }
}

function nameOf(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const { value: shown, class: className, type } = value;
  if (isObject(shown) && typeof shown['name'] === 'string') return shown['name'];
  if (typeof className === 'string') return `${className} ${type}`;
  return typeof value['display_name'] === 'string' ? String(value['name']) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
