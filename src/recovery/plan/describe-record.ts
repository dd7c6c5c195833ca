/** A planned record in words. Lenient: what can't be read is shown by its length. */
import type { PlannedRecord } from './plan.ts';

export interface RecordDescription {
  /** schema, config, mode, ...; `unreadable` for what is none of a registry's. */
  readonly kind: string;
  readonly text: string;
  /** Its value says that there is none any more. */
  readonly gone: boolean;
}

const GLOBAL = 'the whole registry';

export function describeRecord({ key, value }: PlannedRecord): RecordDescription {
  const name = parse(key);
  const keytype = name?.['keytype'];
  if (name === undefined || typeof keytype !== 'string') {
    return {
      kind: 'unreadable',
      text: `a record with a key of ${length(key)}, a value of ${length(value)}`,
      gone: false,
    };
  }
  const gone = (value ?? '') === '';
  const content = parse(value);
  const subject = typeof name['subject'] === 'string' ? `subject ${name['subject']}` : GLOBAL;
  switch (keytype) {
    case 'SCHEMA': {
      const id =
        content === undefined
          ? ''
          : ` (id ${String(content['id'])}${content['deleted'] === true ? ', soft-deleted' : ''})`;
      return {
        kind: 'schema',
        text: `schema ${String(name['subject'])} version ${String(name['version'])}${id}`,
        gone,
      };
    }
    case 'CONFIG':
      return { kind: 'config', text: `config of ${subject}${shown(content, 'compatibilityLevel')}`, gone };
    case 'MODE':
      return { kind: 'mode', text: `mode of ${subject}${shown(content, 'mode')}`, gone };
    case 'DELETE_SUBJECT':
      return {
        kind: 'delete',
        text: `soft-delete of ${subject}${content === undefined ? '' : ` up to version ${String(content['version'])}`}`,
        gone,
      };
    case 'NOOP':
      return { kind: 'NOOP', text: 'a NOOP', gone: false };
    default:
      return { kind: keytype, text: `${keytype} ${subject}`, gone };
  }
}

function shown(content: Readonly<Record<string, unknown>> | undefined, field: string): string {
  const value = content?.[field];
  return value === undefined ? '' : `: ${String(value)}`;
}

function parse(base64: string | null): Readonly<Record<string, unknown>> | undefined {
  try {
    const found: unknown = JSON.parse(Buffer.from(base64 ?? '', 'base64').toString('utf8'));
    return typeof found === 'object' && found !== null ? (found as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

function length(base64: string | null): string {
  return base64 === null ? 'null' : `${Buffer.byteLength(base64, 'base64')} bytes`;
}
