/** The lines of a plan file as what they say; throws plain Errors that tell what is odd about one. */
import type { PlanHeader, PlanStep } from './plan.ts';
import type { PlanEnd } from './plan-writer.ts';

type Json = Readonly<Record<string, unknown>>;

/** What each step has to carry, by JSON type; `any` may be anything, also absent. */
const STEP_FIELDS: Readonly<Record<PlanStep['do'], Readonly<Record<string, string>>>> = {
  'create-topic': { topic: 'string', replicationFactor: 'number', configs: 'object', acls: 'array' },
  'delete-topic': { topic: 'string', backup: 'string', backupSha256: 'string', endOffset: 'number' },
  'delete-made-topic': { topic: 'string', plan: 'string', planSha256: 'string' },
  'alter-topic': { topic: 'string', configs: 'object' },
  produce: { topic: 'string', record: 'object' },
  request: { method: 'string', path: 'string', done: 'object' },
};

export function parseHeader(line: Buffer): PlanHeader {
  const found = parseObject(line);
  if (found['kind'] !== 'holdfast-schemas-plan') throw new Error('its first line is not the header of a plan');
  const format = found['format'];
  if (typeof format !== 'number') throw new Error('its header has no format number');
  if (format > 1) throw new NewerPlan(format);
  for (const field of ['id', 'title', 'created', 'source']) {
    if (typeof found[field] !== 'string') throw new Error(`its header has no ${field}`);
  }
  if (typeOf(found['target']) !== 'object' || typeOf(found['maxIds']) !== 'object') {
    throw new Error('its header has no target or no highest ids');
  }
  if (typeOf(found['summary']) !== 'array') throw new Error('its header has no summary');
  return found as unknown as PlanHeader;
}

/** A format that this version does not know. */
export class NewerPlan extends Error {
  readonly format: number;

  constructor(format: number) {
    super(`format ${format}`);
    this.format = format;
  }
}

export function parseStep(line: Buffer): PlanStep {
  const found = parseObject(line);
  const kind = found['do'];
  const fields = typeof kind === 'string' ? STEP_FIELDS[kind as PlanStep['do']] : undefined;
  if (fields === undefined) throw new Error(`a step '${String(kind)}' is not known`);
  for (const [name, type] of Object.entries(fields)) {
    if (typeOf(found[name]) !== type) throw new Error(`the ${name} of a step ${String(kind)} is not a JSON ${type}`);
  }
  if (kind === 'produce') checkRecord(found['record'] as Json);
  return found as unknown as PlanStep;
}

/** undefined: not a last line. */
export function parseEnd(line: Buffer): PlanEnd | undefined {
  if (!line.subarray(0, 7).equals(Buffer.from('{"end":'))) return undefined;
  const { end } = parseObject(line) as { readonly end?: Json };
  if (typeof end?.['steps'] !== 'number' || typeof end['sha256'] !== 'string') return undefined;
  return { steps: end['steps'], sha256: end['sha256'] };
}

function checkRecord(record: Json): void {
  for (const field of ['key', 'value']) {
    if (record[field] !== null && typeof record[field] !== 'string') throw new Error(`a record's ${field} is not text`);
  }
  if (typeOf(record['headers']) !== 'array' || typeof record['timestamp'] !== 'number') {
    throw new Error('a record has no headers or no timestamp');
  }
}

function parseObject(line: Buffer): Json {
  const found: unknown = JSON.parse(line.toString('utf8'));
  if (typeOf(found) !== 'object') throw new Error('a line is not a JSON object');
  return found as Json;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
