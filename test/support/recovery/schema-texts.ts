/** Small schemas of every type, by number, in the form in which a registry stores them; each may refer to one of a smaller number. */

export type SchemaType = 'AVRO' | 'JSON' | 'PROTOBUF';

/** Avro is asked for more often: it is what registries hold most. */
const TYPES: readonly SchemaType[] = ['AVRO', 'JSON', 'AVRO', 'PROTOBUF'];

export function typeOf(number: number): SchemaType {
  return TYPES[number % TYPES.length] ?? 'AVRO';
}

/** By which name a schema of this number is referred to. */
export function referenceName(number: number): string {
  const type = typeOf(number);
  if (type === 'AVRO') return `example.R${number}`;
  return type === 'JSON' ? `t${number}.json` : `m${number}.proto`;
}

/** `referred`: the number of the schema of the same type that it refers to. `sorted`: with the keys in order, as Karapace stores JSON. */
export function schemaText(number: number, referred: number | undefined, sorted = false): string {
  const name = referred === undefined ? undefined : referenceName(referred);
  switch (typeOf(number)) {
    case 'AVRO': {
      const fields: { readonly name: string; readonly type: unknown }[] = [
        { name: 'seq', type: 'long' },
        { name: 'text', type: ['null', 'string'] },
      ];
      if (name !== undefined) fields.push({ name: 'other', type: name.replace('example.', '') });
      const schema = { type: 'record', name: `R${number}`, namespace: 'example', fields };
      return JSON.stringify(sorted ? inOrder(schema) : schema);
    }
    case 'JSON': {
      const properties = { text: { type: 'string' }, ...(name === undefined ? {} : { other: { $ref: name } }) };
      const schema = { title: `T${number} – äöü 値`, type: 'object', properties };
      return JSON.stringify(sorted ? inOrder(schema) : schema);
    }
    case 'PROTOBUF': {
      const imported = name === undefined ? '' : `import "${name}";\n\n`;
      const field = name === undefined ? '' : `  M${referred} other = 2;\n`;
      return `syntax = "proto3";\n\n${imported}message M${number} {\n  string text = 1;\n${field}}\n`;
    }
  }
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, inOrder(inner)]));
}
