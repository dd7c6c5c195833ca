/** Avro schemas as text, in the form in which a registry stores them and gives them back. */
import type { AvroEnum, AvroFixed, AvroProps, AvroRecord, AvroSchema, AvroType } from '../registry/avro/avro-schema.ts';
import { namespaceOf, simpleName } from '../registry/avro/avro-schema.ts';
import { JsonNumber, type JsonText, renderJsonText } from '../registry/avro/json-text.ts';

/**
 * The text that a registry stores: without whitespace, attributes in Avro's own order, a namespace only where it differs
 * from the one around it, a named type in full once and by name from then on. Names of references stay names.
 * `normalize` also sorts what has no order of its own (attributes without a meaning, aliases).
 */
export function renderAvro(schema: AvroSchema, options: { readonly normalize?: boolean } = {}): string {
  return renderJsonText(new AvroRenderer(schema.defined, options.normalize ?? false).type(schema.type, ''));
}

class AvroRenderer {
  private readonly pending: Set<string>;
  private readonly normalize: boolean;

  constructor(defined: ReadonlySet<string>, normalize: boolean) {
    this.pending = new Set(defined);
    this.normalize = normalize;
  }

  type(type: AvroType, namespace: string): JsonText {
    switch (type.kind) {
      case 'union':
        return type.branches.map((branch) => this.type(branch, namespace));
      case 'array':
        return { type: 'array', items: this.type(type.items, namespace), ...this.props(type.props) };
      case 'map':
        return { type: 'map', values: this.type(type.values, namespace), ...this.props(type.props) };
      case 'record':
      case 'enum':
      case 'fixed':
        return this.named(type, namespace);
      default:
        return Object.keys(type.props).length === 0 ? type.kind : { type: type.kind, ...this.props(type.props) };
    }
  }

  private named(type: AvroRecord | AvroEnum | AvroFixed, enclosing: string): JsonText {
    const space = namespaceOf(type.name);
    if (!this.pending.delete(type.name)) return space === enclosing ? simpleName(type.name) : type.name;
    return {
      type: type.kind === 'record' && type.isError ? 'error' : type.kind,
      name: simpleName(type.name),
      ...(space === enclosing ? {} : { namespace: space }),
      ...(type.doc === undefined ? {} : { doc: type.doc }),
      ...this.content(type, space),
      ...this.props(type.props),
      ...(type.aliases.length === 0
        ? {}
        : { aliases: this.sorted(type.aliases.map((a) => (namespaceOf(a) === space ? simpleName(a) : a))) }),
    };
  }

  private content(type: AvroRecord | AvroEnum | AvroFixed, space: string): Record<string, JsonText> {
    if (type.kind === 'fixed') return { size: new JsonNumber(String(type.size)) };
    if (type.kind === 'enum') {
      return { symbols: [...type.symbols], ...(type.default === undefined ? {} : { default: type.default }) };
    }
    return {
      fields: type.fields.map((field) => ({
        name: field.name,
        type: this.type(field.type, space),
        ...(field.doc === undefined ? {} : { doc: field.doc }),
        ...(field.default === undefined ? {} : { default: field.default }),
        ...(field.order === 'ascending' ? {} : { order: field.order }),
        ...(field.aliases.length === 0 ? {} : { aliases: this.sorted(field.aliases) }),
        ...this.props(field.props),
      })),
    };
  }

  private props(props: AvroProps): AvroProps {
    if (!this.normalize) return props;
    return Object.fromEntries(Object.entries(props).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  }

  private sorted(aliases: readonly string[]): readonly string[] {
    return this.normalize ? [...aliases].sort() : aliases;
  }
}
