/** A schema that a user wrote as JSON: in the form of JsonConverter's envelopes, or as an Avro record. */
import {
  ConfigError,
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  Decimal,
  type Schema,
  SchemaBuilder,
  SchemaType,
} from 'holdfast/sdk';

type Json = Readonly<Record<string, unknown>>;

/** The STRUCT schema of the text. Throws ConfigError, naming the setting and the place in the schema. */
export function parseSchemaText(text: string, setting: string): Schema {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw wrong(setting, '', `is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const at = { setting, path: '' };
  const schema = isAvro(json) ? avroSchema(json, at) : connectSchema(json, at);
  if (schema.type !== SchemaType.STRUCT) throw wrong(setting, '', `is ${schema.type}, but records need a struct`);
  return schema;
}

interface Place {
  readonly setting: string;
  readonly path: string;
}

function wrong(setting: string, path: string, what: string): ConfigError {
  const message = `The schema in '${setting}'${path === '' ? '' : ` at ${path}`} ${what}.`;
  return new ConfigError(message, { problems: [{ key: setting, message }] });
}

function below(at: Place, step: string): Place {
  return { setting: at.setting, path: at.path === '' ? step : `${at.path}.${step}` };
}

function isAvro(json: unknown): boolean {
  return (json as Json | null)?.['type'] === 'record';
}

function objectOf(json: unknown, at: Place): Json {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw wrong(at.setting, at.path, `must be a JSON object, but is ${JSON.stringify(json)}`);
  }
  return json as Json;
}

const CONNECT_TYPES: Readonly<Record<string, SchemaType>> = {
  int8: SchemaType.INT8,
  int16: SchemaType.INT16,
  int32: SchemaType.INT32,
  int64: SchemaType.INT64,
  float: SchemaType.FLOAT32,
  float32: SchemaType.FLOAT32,
  double: SchemaType.FLOAT64,
  float64: SchemaType.FLOAT64,
  boolean: SchemaType.BOOLEAN,
  string: SchemaType.STRING,
  bytes: SchemaType.BYTES,
};

function connectSchema(json: unknown, at: Place): Schema {
  const node = objectOf(json, at);
  const type = String(node['type']).toLowerCase();
  const builder = connectBuilder(type, node, at);
  if (node['optional'] === true) builder.optional();
  if (typeof node['name'] === 'string') builder.name(node['name']);
  if (typeof node['version'] === 'number') builder.version(node['version']);
  if (typeof node['doc'] === 'string') builder.doc(node['doc']);
  const parameters = node['parameters'];
  if (typeof parameters === 'object' && parameters !== null) builder.parameters(parameters as Record<string, string>);
  return builder.build();
}

function connectBuilder(type: string, node: Json, at: Place): SchemaBuilder {
  if (type === 'struct') {
    const builder = SchemaBuilder.struct();
    for (const [name, field] of fieldsOf(node, 'field', at)) builder.field(name, connectSchema(field, below(at, name)));
    return builder;
  }
  if (type === 'array') return SchemaBuilder.array(connectSchema(node['items'], below(at, 'items')));
  if (type === 'map') {
    return SchemaBuilder.map(
      connectSchema(node['keys'], below(at, 'keys')),
      connectSchema(node['values'], below(at, 'values')),
    );
  }
  const primitive = CONNECT_TYPES[type];
  if (primitive === undefined) throw wrong(at.setting, at.path, `has the unknown type ${JSON.stringify(node['type'])}`);
  return new SchemaBuilder(primitive);
}

function fieldsOf(node: Json, nameKey: string, at: Place): [string, unknown][] {
  const fields = node['fields'];
  if (!Array.isArray(fields)) throw wrong(at.setting, at.path, "has no array 'fields'");
  const seen = new Set<string>();
  return fields.map((field: unknown): [string, unknown] => {
    const name = objectOf(field, at)[nameKey];
    if (typeof name !== 'string' || name === '') throw wrong(at.setting, at.path, `has a field without '${nameKey}'`);
    if (seen.has(name)) throw wrong(at.setting, at.path, `has the field '${name}' twice`);
    seen.add(name);
    return [name, field];
  });
}

const AVRO_TYPES: Readonly<Record<string, SchemaType>> = {
  int: SchemaType.INT32,
  long: SchemaType.INT64,
  float: SchemaType.FLOAT32,
  double: SchemaType.FLOAT64,
  boolean: SchemaType.BOOLEAN,
  string: SchemaType.STRING,
  bytes: SchemaType.BYTES,
  enum: SchemaType.STRING,
};

function avroSchema(json: unknown, at: Place, optional = false): Schema {
  if (Array.isArray(json)) {
    const others = json.filter((branch) => branch !== 'null');
    if (others.length !== 1 || json.length > 2) {
      throw wrong(at.setting, at.path, 'is a union other than of null and one type, which no file can tell apart');
    }
    return avroSchema(others[0], at, others.length < json.length);
  }
  const node: Json = typeof json === 'string' ? { type: json } : objectOf(json, at);
  const type = node['type'];
  if (Array.isArray(type) || (typeof type === 'object' && type !== null)) return avroSchema(type, at, optional);
  const builder = avroBuilder(String(type), node, at);
  if (optional) builder.optional();
  if (typeof node['doc'] === 'string') builder.doc(node['doc']);
  return builder.build();
}

function avroBuilder(type: string, node: Json, at: Place): SchemaBuilder {
  switch (node['logicalType']) {
    case 'date':
      return ConnectDate.builder();
    case 'time-millis':
      return ConnectTime.builder();
    case 'timestamp-millis':
      return ConnectTimestamp.builder();
    case 'decimal':
      return Decimal.builder(Number(node['scale'] ?? 0));
    default:
      break;
  }
  if (type === 'record') {
    const namespace = typeof node['namespace'] === 'string' ? `${node['namespace']}.` : '';
    const builder = SchemaBuilder.struct();
    if (typeof node['name'] === 'string') builder.name(namespace + node['name']);
    for (const [name, field] of fieldsOf(node, 'name', at)) {
      builder.field(name, avroSchema((field as Json)['type'], below(at, name)));
    }
    return builder;
  }
  if (type === 'array') return SchemaBuilder.array(avroSchema(node['items'], below(at, 'items')));
  if (type === 'map') {
    return SchemaBuilder.map(SchemaBuilder.string().build(), avroSchema(node['values'], below(at, 'values')));
  }
  const primitive = AVRO_TYPES[type];
  if (primitive === undefined) throw wrong(at.setting, at.path, `has the type '${type}', which is not supported here`);
  return new SchemaBuilder(primitive);
}
