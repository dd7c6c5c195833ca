import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const file = fileURLToPath(new URL('../../../docs/compat-results.json', import.meta.url));

/** Of the sources as they were when the run began. */
const commit = execFileSync('git', ['rev-parse', '--short=10', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();

/** The parts of the comparison, each a test file that passes as a whole or not. */
export const PARTS = {
  rest: 'REST',
  clients: 'Clients',
  'bad-input': 'Bad input',
  records: 'Records',
  offsets: 'Offsets',
  avro: 'Avro’s Connect mapping',
} as const;

export type Part = keyof typeof PARTS;

export interface PartResult {
  /** When it passed as a whole: `2026-11-29`. */
  readonly date: string;
  /** Of the sources: version and commit. */
  readonly version: string;
  /** What was compared, in figures. */
  readonly what: string;
}

/** Those that were written down, by part. */
export function compatResults(): Readonly<Partial<Record<Part, PartResult>>> {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<Record<Part, PartResult>>) : {};
}

/**
 * Writes down in docs/compat-results.json that a part has passed as a whole, if `HOLDFAST_COMPAT_RESULTS=write` asks for it; docs/compat.md is
 * rendered from there. To be called where nothing of the part can fail any more.
 */
export function recordPassed(part: Part, what: string): void {
  if (process.env['HOLDFAST_COMPAT_RESULTS'] !== 'write') return;
  const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { version: string };
  const result: PartResult = {
    date: new Date().toISOString().slice(0, 10),
    version: `${version} (${commit})`,
    what,
  };
  const all: Partial<Record<Part, PartResult>> = { ...compatResults(), [part]: result };
  const ordered = (Object.keys(PARTS) as Part[]).flatMap((each) =>
    all[each] === undefined ? [] : [[each, all[each]] as const],
  );
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(ordered), null, 2)}\n`);
}
