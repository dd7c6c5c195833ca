/** The table at the end of the demo. */
import type { AuditResult } from './audit.ts';

export interface PipelineReport {
  readonly name: string;
  /** Rows that an earlier run had delivered. */
  readonly before: number;
  readonly read: number;
  readonly produced: number;
  readonly delivered: number;
  readonly audit: AuditResult;
  readonly parkedMs: number;
  /** From the registry being usable again to the first row delivered; null when nothing waited for it. */
  readonly resumedAfterMs: number | null;
  readonly output: string;
}

export function isClean(pipelines: readonly PipelineReport[]): boolean {
  return pipelines.every(({ audit }) => audit.clean);
}

export function renderReport(pipelines: readonly PipelineReport[], options: { readonly wasKilled: boolean }): string {
  const rows: (readonly [string, (pipeline: PipelineReport) => string])[] = [
    ['records read', ({ read }) => number(read)],
    ['records produced', ({ produced }) => number(produced)],
    ['records delivered', ({ delivered }) => number(delivered)],
    ['delivered by earlier runs', ({ before }) => number(before)],
    ['rows in the table / in the output', ({ audit }) => `${number(audit.expected)} / ${number(audit.delivered)}`],
    ['lost', ({ audit }) => number(audit.lost)],
    ['duplicated', ({ audit }) => number(audit.duplicated)],
    ['altered or foreign', ({ audit }) => number(audit.foreign)],
    ['out of order', ({ audit }) => number(audit.outOfOrder)],
    ['time parked', ({ parkedMs }) => seconds(parkedMs)],
    [
      'registry usable again → first record',
      ({ resumedAfterMs }) => (resumedAfterMs === null ? '–' : `${Math.round(resumedAfterMs)} ms`),
    ],
  ];
  const cells = [
    ['', ...pipelines.map(({ name }) => name)],
    ...rows.map(([label, cell]) => [label, ...pipelines.map(cell)]),
  ];
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('   ');
  const [head = [], ...body] = cells;
  const rule = '─'.repeat(line(head).length);
  const examples = pipelines.flatMap(({ name, audit }) => audit.examples.map((example) => `  ${name}: ${example}`));
  const verdict = isClean(pipelines)
    ? 'The audit is clean: every row arrived once, unaltered, in order.'
    : ['The audit is NOT clean:', ...examples, ...explanation(pipelines, options.wasKilled)].join('\n');
  return [
    rule,
    line(head),
    rule,
    ...body.map(line),
    rule,
    verdict,
    ...pipelines.map(({ name, output }) => `  ${name}: ${output}`),
  ].join('\n');
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function seconds(ms: number): string {
  return ms === 0 ? '–' : `${(ms / 1000).toFixed(1)} s`;
}

/** Connect's promise is at least once: a killed run leaves duplicates, and nothing else. */
function explanation(pipelines: readonly PipelineReport[], wasKilled: boolean): readonly string[] {
  const onlyDuplicates = pipelines.every(
    ({ audit }) => audit.lost === 0 && audit.foreign === 0 && audit.outOfOrder === 0,
  );
  return wasKilled && onlyDuplicates
    ? ['The run before was killed: what it had delivered and not yet committed came twice. Nothing is lost.']
    : [];
}
