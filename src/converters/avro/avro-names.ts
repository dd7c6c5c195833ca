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
/** With `discard.type.doc.default` in place of the three above; fields have the documentation of their schemas then. */
export const CONNECT_RECORD_DOC_PARAMETER = 'connect.record.doc';
export const CONNECT_ENUM_DOC_PARAMETER = 'connect.enum.doc';
export const FIXED_SIZE_PARAMETER = 'connect.fixed.size';
export const PRECISION_PARAMETER = 'connect.decimal.precision';
export const DEFAULT_PRECISION = 64;

/** A full name: the namespace up to the last dot, null if there is none. As upstream, dots at the end don't count. */
export function splitName(fullName: string): { readonly namespace: string | null; readonly name: string } {
  const trimmed = fullName.replace(/\.+$/, '');
  const dot = trimmed.lastIndexOf('.');
  if (dot < 0) return { namespace: null, name: trimmed };
  return { namespace: dot === 0 ? null : trimmed.slice(0, dot), name: trimmed.slice(dot + 1) };
}

/** Java's letters and digits, of the basic plane: Avro's Java library takes them in names, though the specification does not. */
const VALID_NAME = /^[\p{L}_][\p{L}\p{Nd}_]*$/u;
const BEYOND_BASIC_PLANE = /[\ud800-\udfff]/;

/** True for the name of a field, or the last part of a type's name, that Avro's Java library accepts; it does not look at namespaces. */
export function isValidName(name: string): boolean {
  return VALID_NAME.test(name) && !BEYOND_BASIC_PLANE.test(name);
}

/** A type's full name with each part between the dots made valid, as `scrub.invalid.names` does it; valid parts stay. */
export function scrubFullName(name: string): string {
  return name.replace(/\.+$/, '').split('.').map(scrubName).join('.');
}

/** The name of a field made valid, as `scrub.invalid.names` does it; a valid one stays. Dots are none of its parts. */
export function scrubName(name: string): string {
  if (name === '' || /^[A-Za-z_]\w*$/.test(name)) return name;
  const encoded = encodeForm(name);
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
