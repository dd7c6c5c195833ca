/** Whether texts are schemas of their type. */
import { Ajv, type AnySchema } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import draft6 from 'ajv/dist/refs/json-schema-draft-06.json' with { type: 'json' };
import protobuf from 'protobufjs';
import { parseAvro } from '../../registry/avro/avro-schema.ts';
import type { SchemaType } from '../records/schemas-record.ts';

export type TextProblem =
  | { readonly kind: 'unparsable' | 'invalid-json-schema'; readonly reason: string }
  | { readonly kind: 'unknown-type' };

const MAX_REASON = 300;

/** Draft 7 and 6, 2019-09, 2020-12: made when they are asked for, and once, as a meta-schema takes long to compile. */
const DRAFTS = [draft7And6, () => new Ajv2019(OPTIONS), () => new Ajv2020(OPTIONS)];
const OPTIONS = { strict: false, validateFormats: false, addUsedSchema: false } as const;
const made: (Ajv | undefined)[] = [];

function draft7And6(): Ajv {
  const ajv = new Ajv(OPTIONS);
  ajv.addMetaSchema(draft6);
  return ajv;
}

function checkerOf(draft: unknown): Ajv | undefined {
  for (const [n, make] of DRAFTS.entries()) {
    made[n] ??= make();
    if (draft === undefined || (typeof draft === 'string' && made[n].getSchema(draft) !== undefined)) return made[n];
  }
  return undefined;
}

export class SchemaTexts {
  /** `references`: the texts that it refers to, those first that the later ones need. Only Avro's are needed. Never throws. */
  problemOf(schemaType: SchemaType, text: string, references: readonly string[]): TextProblem | undefined {
    try {
      if (schemaType === 'AVRO') parseAvro(text, { references, checkDefaults: false });
      else if (schemaType === 'PROTOBUF') parseProtobuf(text);
      else if (schemaType === 'JSON') return this.jsonSchema(JSON.parse(text));
      else return { kind: 'unknown-type' };
      return undefined;
    } catch (error) {
      return { kind: 'unparsable', reason: shown(error) };
    }
  }

  /** Of a draft that is not known here, such as 4, only that it is JSON of the right kind. */
  private jsonSchema(schema: unknown): TextProblem | undefined {
    if (typeof schema === 'boolean') return undefined;
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
      return { kind: 'unparsable', reason: 'it is neither an object nor true or false' };
    }
    const draft = '$schema' in schema ? schema.$schema : undefined;
    const checker = checkerOf(draft);
    if (checker === undefined || checker.validateSchema(schema as AnySchema) === true) return undefined;
    return { kind: 'invalid-json-schema', reason: checker.errorsText(checker.errors).slice(0, MAX_REASON) };
  }
}

/** A serialized descriptor in base64, as some clients register it, is taken as it is. */
function parseProtobuf(text: string): void {
  if (/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text) && text.trim() !== '') return;
  if (text.trim() === '') throw new Error('it is empty');
  protobuf.parse(text, { keepCase: true });
}

function shown(error: unknown): string {
  if (error instanceof RangeError) return 'it is nested too deeply to be read';
  return (error instanceof Error ? error.message : String(error)).slice(0, MAX_REASON);
}
