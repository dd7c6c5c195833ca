/**
 * Compares what a pipeline delivered with what it was given, row by row. Knows nothing of the pipeline: it reads the input table and the output
 * file for itself.
 */

/** A row of the input as text, or of the output as JSON values. */
export type Row = Readonly<Record<string, unknown>>;

export interface AuditResult {
  readonly expected: number;
  readonly delivered: number;
  /** Rows of the input that are missing in the output. */
  readonly lost: number;
  /** Rows that are in the output more often than in the input. */
  readonly duplicated: number;
  /** Rows of the output that the input does not have: a changed value shows here, and as lost. */
  readonly foreign: number;
  /** Rows that come before a row that stood before them in the input. */
  readonly outOfOrder: number;
  readonly clean: boolean;
  /** The first few things that are wrong, for people. */
  readonly examples: readonly string[];
}

const MAX_EXAMPLES = 5;
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

export function audit(input: readonly Row[], output: readonly Row[]): AuditResult {
  const columns = Object.keys(input[0] ?? output[0] ?? {});
  const numeric = new Set(columns.filter((column) => input.every((row) => isNumberOrEmpty(row[column]))));
  const given = input.map((row) => rowKey(row, columns, numeric));
  const taken = output.map((row) => rowKey(row, columns, numeric));

  const positions = new Map<string, number[]>();
  for (const [index, key] of given.entries()) {
    const list = positions.get(key);
    if (list === undefined) positions.set(key, [index]);
    else list.push(index);
  }

  const examples: string[] = [];
  const note = (text: string): void => {
    if (examples.length < MAX_EXAMPLES) examples.push(text);
  };
  const used = new Map<string, number>();
  let duplicated = 0;
  let foreign = 0;
  let outOfOrder = 0;
  let furthest = -1;
  for (const [index, key] of taken.entries()) {
    const places = positions.get(key);
    if (places === undefined) {
      foreign += 1;
      note(`output row ${index + 1} is not in the input: ${key}`);
      continue;
    }
    const count = used.get(key) ?? 0;
    used.set(key, count + 1);
    const place = places[count];
    if (place === undefined) {
      duplicated += 1;
      note(`output row ${index + 1} is there once too often: ${key}`);
    } else if (place < furthest) {
      outOfOrder += 1;
      note(`output row ${index + 1} comes too late: ${key}`);
    } else {
      furthest = place;
    }
  }
  let lost = 0;
  for (const [key, places] of positions) {
    const missing = places.length - Math.min(places.length, used.get(key) ?? 0);
    lost += missing;
    if (missing > 0) note(`input row ${(places[places.length - missing] ?? 0) + 1} is not in the output: ${key}`);
  }
  return {
    expected: given.length,
    delivered: taken.length,
    lost,
    duplicated,
    foreign,
    outOfOrder,
    clean: lost === 0 && duplicated === 0 && foreign === 0 && outOfOrder === 0,
    examples,
  };
}

/** Every field of the row, unknown ones too: an additional field is a difference. */
function rowKey(row: Row, columns: readonly string[], numeric: ReadonlySet<string>): string {
  const extra = Object.keys(row).filter((name) => !columns.includes(name));
  return JSON.stringify([...columns, ...extra].map((name) => cell(row[name], numeric.has(name))));
}

/** An empty cell is null. In a column of numbers `1.50` and 1.5 are the same; anywhere else text must be the same to the letter. */
function cell(value: unknown, isNumeric: boolean): unknown {
  if (value === null || value === undefined || value === '') return null;
  return isNumeric && isNumberOrEmpty(value) ? Number(value) : value;
}

function isNumberOrEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || typeof value === 'number') return true;
  return typeof value === 'string' && NUMBER.test(value);
}
