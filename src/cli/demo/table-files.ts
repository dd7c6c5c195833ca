/** Reads the input table and the output file for the audit, without any code of the pipeline. */
import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import type { Row } from './audit.ts';

/** Every cell as text. */
export async function readTable(path: string): Promise<readonly Row[]> {
  return parse(await readFile(path), { columns: true, bom: true, skip_empty_lines: true }) as Row[];
}

/** One JSON object a line; an output that was never begun is empty. */
export async function readJsonLines(path: string): Promise<readonly Row[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}
