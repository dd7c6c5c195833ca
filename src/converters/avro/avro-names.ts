/** The names that Confluent's Avro converter gives to types, properties and parameters, and how a name becomes a valid Avro one. */
export const NAMESPACE = 'io.confluent.connect.avro';
/** The record name of a struct without a name; further ones get a number. */
export const DEFAULT_RECORD = 'ConnectDefault';
export const DEFAULT_RECORD_FULL_NAME = `${NAMESPACE}.${DEFAULT_RECORD}`;
export const MAP_ENTRY = 'MapEntry';
export const KEY_FIELD = 'key';
export const VALUE_FIELD = 'value';
export const ANYTHING_FULL_NAME = `${NAMESPACE}.Anything`;

export const UNION_NAME = `${NAMESPACE}.Union`;
export const ENUM_PARAMETER = `${NAMESPACE}.Enum`;
/** With `generalized.sum.type.support`: the same for all of Confluent's converters. */
export const GENERALIZED_UNION = 'org.apache.kafka.connect.data.Union';
export const GENERALIZED_ENUM = 'org.apache.kafka.connect.data.Enum';
export const GENERALIZED_UNION_PREFIX = 'connect_union_';
export const GENERALIZED_FIELD_PREFIX = 'connect_union_field_';

export const RECORD_DOC_PARAMETER = `${NAMESPACE}.record.doc`;
export const FIELD_DOC_PREFIX = `${NAMESPACE}.field.doc.`;
export const ENUM_DOC_PREFIX = `${NAMESPACE}.enum.doc.`;
export const ENUM_DEFAULT_PREFIX = `${NAMESPACE}.enum.default.`;
/** Says that a default was one of the Avro field, and not of the Connect schema. */
export const FIELD_DEFAULT_FLAG = `${NAMESPACE}.field.default`;
export const FIXED_SIZE_PARAMETER = 'connect.fixed.size';
export const PRECISION_PARAMETER = 'connect.decimal.precision';
export const DEFAULT_PRECISION = 64;

/** A full name: the namespace up to the last dot, null if there is none. */
export function splitName(fullName: string): { readonly namespace: string | null; readonly name: string } {
  const dot = fullName.lastIndexOf('.');
  if (dot < 0) return { namespace: null, name: fullName };
  return { namespace: fullName.slice(0, dot), name: fullName.slice(dot + 1) };
}

const VALID_PART = /^[A-Za-z_]\w*$/;

/** True for a name that Avro accepts: letters, digits and underscores in each part, no digit in front. */
export function isValidName(name: string): boolean {
  return name.split('.').every((part) => VALID_PART.test(part));
}

/** The name with each part made valid, as `scrub.invalid.names` does it; valid parts stay. */
export function scrubName(name: string): string {
  return name.split('.').map(scrubPart).join('.');
}

function scrubPart(part: string): string {
  if (part === '' || VALID_PART.test(part)) return part;
  const encoded = encodeForm(part);
  const prefixed = /^\d/.test(encoded) ? `x${encoded}` : encoded;
  return prefixed.replace(/\W/g, '_');
}

/** Java's URLEncoder: a blank becomes a plus; letters, digits and `.-*_` stay. */
function encodeForm(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9.\-*_]/.test(character)) encoded += character;
    else if (character === ' ') encoded += '+';
    else encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
