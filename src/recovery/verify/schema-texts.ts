/** Whether texts are schemas of their type. */
import { Ajv, type AnySchema } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import draft6 from 'ajv/dist/refs/json-schema-draft-06.json' with { type: 'json' };
import { parseAvro } from '../../registry/avro/avro-schema.ts';
import type { SchemaType, SchemaValue } from '../records/schemas-record.ts';
import { namesOnly } from './avro-names.ts';
import { JSON_SCHEMA_DRAFT4 } from './json-schema-draft4.ts';
import { leadingJson } from './leading-json.ts';
import type { NamedText } from './named-text.ts';
import { parseProtobuf } from './protobuf-text.ts';
import { UncheckedText } from './unchecked-text.ts';

export type TextProblem =
  | { readonly kind: 'unparsable' | 'unchecked' | 'invalid-json-schema'; readonly reason: string }
  | { readonly kind: 'unknown-type' }
  /** It says to be of a draft that is none of those known here. */
  | { readonly kind: 'unknown-draft'; readonly reason: string };

/** The texts that a schema refers to. */
export interface ReferredTexts {
  /** Those of the schema itself. */
  readonly direct: readonly NamedText[];
  /** Those of the references too, those first that the later ones need; undefined: too many to read. */
  readonly all: readonly NamedText[] | undefined;
}

export const NO_TEXTS: ReferredTexts = { direct: [], all: [] };

/** Whether it is read together with the texts that it refers to. */
export function needsTexts({ schemaType, references }: Pick<SchemaValue, 'schemaType' | 'references'>): boolean {
  return references.length > 0 && (schemaType === 'AVRO' || schemaType === 'PROTOBUF');
}

const MAX_REASON = 300;

/** Draft 7, 6 and 4, 2019-09, 2020-12: made when they are asked for, and once, as a meta-schema takes long to compile. */
const DRAFTS = [upToDraft7, () => new Ajv2019(OPTIONS), () => new Ajv2020(OPTIONS)];
const OPTIONS = { strict: false, validateFormats: false, addUsedSchema: false } as const;
const made: (Ajv | undefined)[] = [];

function upToDraft7(): Ajv {
  const ajv = new Ajv(OPTIONS);
  ajv.addMetaSchema(draft6);
  ajv.addMetaSchema(JSON_SCHEMA_DRAFT4);
  return ajv;
}

function checkerOf(draft: unknown): Ajv | undefined {
  for (const [n, make] of DRAFTS.entries()) {
    made[n] ??= make();
    if (draft === undefined || (typeof draft === 'string' && made[n].getSchema(draft) !== undefined)) return made[n];
  }
  return undefined;
}

/** A name that is no address, such as a URN, may be anybody's. */
function knownChecker(draft: unknown): Ajv | undefined {
  try {
    return checkerOf(draft);
  } catch {
    return undefined;
  }
}

export class SchemaTexts {
  /** Never throws. */
  problemOf(schemaType: SchemaType, text: string, referred: ReferredTexts): TextProblem | undefined {
    try {
      // A repair leaves out what does not parse: never what some registry took.
      if (schemaType === 'AVRO') readAvro(text, avroTexts(referred));
      else if (schemaType === 'PROTOBUF') parseProtobuf(text, referred.all);
      else if (schemaType === 'JSON') return this.jsonSchema(parseJson(text));
      else return { kind: 'unknown-type' };
      return undefined;
    } catch (error) {
      const isJudged = !(error instanceof UncheckedText) && !isTooDeep(error);
      return { kind: isJudged ? 'unparsable' : 'unchecked', reason: shown(error) };
    }
  }

  /** Of a draft that is not known here only that it is JSON of the right kind. */
  private jsonSchema(schema: unknown): TextProblem | undefined {
    if (typeof schema === 'boolean') return undefined;
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
      return { kind: 'unparsable', reason: 'it is neither an object nor true or false' };
    }
    const draft = '$schema' in schema ? schema.$schema : undefined;
    const checker = knownChecker(draft);
    if (checker === undefined) return { kind: 'unknown-draft', reason: String(draft).slice(0, MAX_REASON) };
    if (checker.validateSchema(schema as AnySchema) === true) return undefined;
    return { kind: 'invalid-json-schema', reason: checker.errorsText(checker.errors).slice(0, MAX_REASON) };
  }
}

function avroTexts({ direct, all }: ReferredTexts): readonly string[] {
  return all === undefined ? [namesOnly(direct.map(({ text }) => text))] : all.map(({ text }) => text);
}

/** As most releases read it; else as any does. */
function readAvro(text: string, references: readonly string[]): void {
  try {
    parseAvro(text, { references, takesJavaNames: true });
  } catch (error) {
    if (isTooDeep(error) || !isAvroOfAnyRelease(text, references)) throw error;
    throw new UncheckedText((error as Error).message);
  }
}

function isAvroOfAnyRelease(text: string, references: readonly string[]): boolean {
  try {
    const options = { references: references.map(leadingJson), takesJavaNames: true, takesAnyRelease: true };
    parseAvro(leadingJson(text), options);
    return true;
  } catch (error) {
    if (isTooDeep(error)) throw error;
    return false;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (leadingJson(text) === text) throw error;
    throw new UncheckedText((error as Error).message);
  }
}

function isTooDeep(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof Error && error.cause instanceof RangeError);
}

function shown(error: unknown): string {
  if (isTooDeep(error)) return 'it is nested too deeply to be read';
  return (error instanceof Error ? error.message : String(error)).slice(0, MAX_REASON);
}
